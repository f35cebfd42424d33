// What is heard and seen of a call: the other side's tracks in the page's elements, or in one of our own.

import { AnynodeError } from './errors.js';

export class Playback {
    stream = null;
    #parts;
    #elements = {};
    #own = null;
    #isPaused = false;

    /** @param {object} parts `devices`, `changed()`, `failed(error)` */
    constructor(parts) {
        this.#parts = parts;
    }

    /** Elements of the page: `audio`, `video` for the other side, `preview` for this one. */
    attach(elements) {
        for (const [name, element] of Object.entries(elements)) {
            if (this.#elements[name]) this.#elements[name].srcObject = null;
            this.#elements[name] = element;
        }
        if (elements.audio && this.#own) this.#own.srcObject = null;
        this.#show();
    }

    add(track) {
        // Another stream for another connection: an element shows a new one at once.
        this.stream ??= new MediaStream();
        this.stream.addTrack(track);
        for (const type of ['mute', 'unmute', 'ended']) track.addEventListener(type, () => this.#parts.changed());
        this.#show();
        this.#parts.changed();
    }

    preview(track) {
        const { preview } = this.#elements;
        this.own = track;
        if (!preview) return;
        preview.srcObject = track ? new MediaStream([track]) : null;
        preview.muted = true;
        if (track) this.#start(preview);
    }

    setPaused(isPaused) {
        this.#isPaused = isPaused;
        const { sound } = this;
        if (sound) sound.muted = isPaused;
    }

    /** Again, from a click, what the browser refused to play. */
    async play() {
        const { video, preview } = this.#elements;
        await Promise.all([this.sound, video, preview].map((element) => element?.srcObject && this.#start(element)));
    }

    clear() {
        this.stream = null;
        for (const element of [this.sound, this.#elements.video]) if (element) element.srcObject = null;
    }

    close() {
        this.clear();
        if (this.#elements.preview) this.#elements.preview.srcObject = null;
        this.#parts.devices.forget(this.sound);
    }

    get sound() { return this.#elements.audio ?? this.#own; }

    #show() {
        if (this.own) this.preview(this.own);
        if (!this.stream) return;
        if (!this.#elements.audio) this.#own ??= new Audio();
        const { sound } = this;
        sound.muted = this.#isPaused;
        this.#parts.devices.applySpeaker(sound);
        this.#play(sound, false);
        // The picture has no sound of its own: that would be heard twice.
        const { video } = this.#elements;
        if (video) {
            video.muted = true;
            this.#play(video, true);
        }
    }

    #play(element, isPicture) {
        const tracks = isPicture ? this.stream.getVideoTracks() : this.stream.getAudioTracks();
        const shown = element.srcObject?.getTracks() ?? [];
        if (tracks.length === shown.length && tracks.every((track) => shown.includes(track))) return;
        element.srcObject = tracks.length ? new MediaStream(tracks) : null;
        if (tracks.length) this.#start(element);
    }

    #start(element) {
        return element.play().catch((cause) => {
            // AbortError: another stream came before this one was played.
            if (cause.name !== 'NotAllowedError') return;
            this.#parts.failed(new AnynodeError('autoplayBlocked', 'the browser plays no sound before a click: call resumeAudio() from one', { cause }));
        });
    }
}
