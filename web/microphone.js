// One microphone for all calls of the page.

/** The microphone was refused or is missing; `name` is the browser's own error name. */
export class MicrophoneFailure extends Error {
    constructor(cause) {
        super(cause?.message ?? 'no microphone', { cause });
        this.name = cause?.name ?? 'NotFoundError';
    }
}

/** One microphone for all calls, open only while some call needs it. */
export class Microphone {
    #stream = null;
    #users = 0;

    /** A track of its own for each call, so that each can be muted alone. Ends the use with `release`. */
    async acquire() {
        this.#users += 1;
        try {
            if (!navigator.mediaDevices) throw new DOMException('needs https or localhost', 'SecurityError');
            this.#stream ??= navigator.mediaDevices.getUserMedia({ audio: true });
            const stream = await this.#stream;
            return stream.getAudioTracks()[0].clone();
        } catch (error) {
            this.#stream = null;
            this.#users -= 1;
            throw new MicrophoneFailure(error);
        }
    }

    release(track) {
        track.stop();
        this.#users -= 1;
        if (this.#users > 0) return;
        const stream = this.#stream;
        this.#stream = null;
        stream?.then((open) => open.getTracks().forEach((own) => own.stop()));
    }
}
