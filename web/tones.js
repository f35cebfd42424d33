// Ringing tones, made in the page: the server sends none (§7 of the protocol's document).

/** 425 Hz as in the German network: a second of tone and four of silence; for a call that comes in, two short ones. */
const patterns = {
    ringback: { frequency: 425, volume: 0.05, bursts: [[0, 1]], period: 5 },
    ring: { frequency: 660, volume: 0.12, bursts: [[0, 0.35], [0.5, 0.35]], period: 3 },
};

export class Tones {
    #context = null;
    #playing = null;
    #timer = 0;
    #gain = null;

    /** Browsers allow sound only after the person did something: call it from a click. */
    unlock() {
        this.#context ??= globalThis.AudioContext ? new AudioContext() : null;
        this.#context?.resume().catch(() => {});
    }

    /** `ring`, `ringback` or null; the same as before goes on undisturbed. */
    play(name) {
        if (name === this.#playing) return;
        this.#playing = name;
        clearInterval(this.#timer);
        this.#gain?.disconnect();
        this.#gain = null;
        if (!name || !this.#context) return;
        this.#gain = this.#context.createGain();
        this.#gain.connect(this.#context.destination);
        const pattern = patterns[name];
        this.#burst(pattern);
        this.#timer = setInterval(() => this.#burst(pattern), pattern.period * 1_000);
    }

    #burst({ frequency, volume, bursts }) {
        const now = this.#context.currentTime;
        for (const [start, length] of bursts) {
            const tone = this.#context.createOscillator();
            const envelope = this.#context.createGain();
            tone.frequency.value = frequency;
            envelope.gain.setValueAtTime(0, now + start);
            envelope.gain.linearRampToValueAtTime(volume, now + start + 0.02);
            envelope.gain.setValueAtTime(volume, now + start + length - 0.02);
            envelope.gain.linearRampToValueAtTime(0, now + start + length);
            tone.connect(envelope).connect(this.#gain);
            tone.start(now + start);
            tone.stop(now + start + length);
        }
    }
}
