// Tones, made in the page: the server sends none (technote §7). Frequencies in Hz, bursts as [start, length] in seconds.

const once = 4; // periods of a tone that ends by itself
const cadences = {
    de: {
        ringback: { hertz: [425], bursts: [[0, 1]], period: 5 },
        busy: { hertz: [425], bursts: [[0, 0.48]], period: 0.96, times: once },
        congestion: { hertz: [425], bursts: [[0, 0.24]], period: 0.48, times: 2 * once },
        waiting: { hertz: [425], bursts: [[0, 0.2], [0.4, 0.2]], period: 5.8 },
    },
    us: {
        ringback: { hertz: [440, 480], bursts: [[0, 2]], period: 6 },
        busy: { hertz: [480, 620], bursts: [[0, 0.5]], period: 1, times: once },
        congestion: { hertz: [480, 620], bursts: [[0, 0.25]], period: 0.5, times: 2 * once },
        waiting: { hertz: [440], bursts: [[0, 0.3]], period: 10 },
    },
};
const ring = { hertz: [660], bursts: [[0, 0.35], [0.5, 0.35]], period: 3, volume: 0.12 };
const test = { hertz: [523, 659], bursts: [[0, 0.6]], period: 1, times: 1, volume: 0.1 };

export class Tones {
    #tones;
    #context = null;
    #playing = null;
    #timer = 0;
    #gain = null;

    /** @param {{ cadence: 'de' | 'us' | false }} options */
    constructor({ cadence }) {
        this.#tones = cadence ? { ring, ...cadences[cadence] } : {};
    }

    /** What sounds now, or null. */
    get playing() { return this.#playing; }

    /** Browsers allow sound only after the person did something: call it from a click. */
    unlock() {
        this.#context ??= globalThis.AudioContext ? new AudioContext() : null;
        this.#context?.resume().catch(() => {});
    }

    /** By name, or null for silence; the same as before goes on undisturbed, and what ends by itself is not cut short by silence. */
    play(name) {
        if (name === this.#playing) return;
        if (name === null && this.#tones[this.#playing]?.times) return;
        this.#start(name, this.#tones[name]);
    }

    async testTone() {
        this.#start('test', test);
    }

    async setSink(deviceId) {
        await this.#context?.setSinkId?.(deviceId ?? '');
    }

    #start(name, tone) {
        clearTimeout(this.#timer);
        this.#gain?.disconnect();
        this.#gain = null;
        this.#playing = tone ? name : null;
        if (!tone || !this.#context) return;
        this.#gain = this.#context.createGain();
        this.#gain.connect(this.#context.destination);
        this.#beat(tone, tone.times ?? Infinity);
    }

    #beat(tone, left) {
        if (left === 0) {
            this.#start(null);
            return;
        }
        const now = this.#context.currentTime;
        for (const [start, length] of tone.bursts) for (const hertz of tone.hertz) this.#burst(hertz, now + start, length, tone);
        this.#timer = setTimeout(() => this.#beat(tone, left - 1), tone.period * 1_000);
    }

    #burst(hertz, start, length, { volume = 0.05, hertz: { length: voices } }) {
        const tone = this.#context.createOscillator();
        const envelope = this.#context.createGain();
        tone.frequency.value = hertz;
        envelope.gain.setValueAtTime(0, start);
        envelope.gain.linearRampToValueAtTime(volume / voices, start + 0.02);
        envelope.gain.setValueAtTime(volume / voices, start + length - 0.02);
        envelope.gain.linearRampToValueAtTime(0, start + length);
        tone.connect(envelope).connect(this.#gain);
        tone.start(start);
        tone.stop(start + length);
    }
}
