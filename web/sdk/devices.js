// Microphone, camera and loudspeaker, shared by all calls: open only while some call needs them.

import { AnynodeError } from './errors.js';

const lists = { microphones: 'audioinput', cameras: 'videoinput', speakers: 'audiooutput' };
const names = { audio: 'microphone', video: 'camera' };
const failures = {
    NotAllowedError: 'Denied', SecurityError: 'Denied', NotFoundError: 'NotFound', OverconstrainedError: 'NotFound',
    NotReadableError: 'Busy', AbortError: 'Busy',
};

/** Events: `devicechange` (the lists), `track` (`{ previous, track }`: put this in the place of that), `error` (`{ error }`). */
export class Devices extends EventTarget {
    #constraints;
    #chosen = { audio: null, video: null, speaker: null };
    #streams = { audio: null, video: null }; // promises of what is open
    #users = new Map(); // cloned track → { kind, constraints }
    #speakers = new Set(); // elements that play

    constructor({ audio } = {}) {
        super();
        this.#constraints = { audio, video: undefined };
        globalThis.navigator?.mediaDevices?.addEventListener?.('devicechange', async () => this.#emit('devicechange', await this.list()));
    }

    async list() {
        const all = await globalThis.navigator?.mediaDevices?.enumerateDevices() ?? [];
        return Object.fromEntries(Object.entries(lists).map(([name, kind]) => [name, all.filter((device) => device.kind === kind)]));
    }

    /** A track of its own for each call, so that each can be muted alone. Ends the use with `release`. */
    async acquire(kind, constraints = this.#constraints[kind]) {
        const source = await this.#open(kind, constraints);
        const track = source.clone();
        this.#users.set(track, { kind, constraints });
        return track;
    }

    async screen() {
        const { mediaDevices } = navigator;
        if (!mediaDevices?.getDisplayMedia) throw new AnynodeError('notSupported', 'this browser can’t share its screen');
        try {
            const [track] = (await mediaDevices.getDisplayMedia({ video: true })).getVideoTracks();
            return track;
        } catch (cause) {
            throw new AnynodeError('screenDenied', 'the screen was not shared', { cause });
        }
    }

    release(track) {
        track.stop();
        const { kind } = this.#users.get(track) ?? {};
        this.#users.delete(track);
        if (kind && ![...this.#users.values()].some((user) => user.kind === kind)) this.#close(kind);
    }

    /** `audio`, `video` or `speaker`; null: the system's choice. For the calls that are on, too. */
    async choose(kind, deviceId) {
        if (kind === 'speaker') {
            if (!globalThis.HTMLMediaElement?.prototype.setSinkId) {
                throw new AnynodeError('notSupported', 'this browser can’t choose the loudspeaker');
            }
            this.#chosen.speaker = deviceId;
            await Promise.all([...this.#speakers].map((element) => this.applySpeaker(element)));
            return;
        }
        const before = this.#chosen[kind];
        this.#chosen[kind] = deviceId;
        try {
            await this.#replace(kind);
        } catch (error) {
            this.#chosen[kind] = before;
            throw error;
        }
    }

    async applySpeaker(element) {
        this.#speakers.add(element);
        const sink = this.#chosen.speaker ?? '';
        if (!element.setSinkId || element.sinkId === sink) return;
        await element.setSinkId(sink).catch((cause) => {
            this.#emit('error', { error: new AnynodeError('notSupported', 'the loudspeaker can’t be used', { cause }) });
        });
    }

    forget(element) {
        this.#speakers.delete(element);
    }

    // MARK: what is open

    async #open(kind, constraints) {
        this.#streams[kind] ??= this.#ask(kind, constraints);
        const stream = this.#streams[kind];
        try {
            return (await stream).getTracks()[0];
        } catch (error) {
            if (this.#streams[kind] === stream) this.#streams[kind] = null;
            throw error;
        }
    }

    async #ask(kind, constraints) {
        const { mediaDevices } = navigator;
        if (!mediaDevices) {
            throw new AnynodeError('insecureContext', `browsers give the ${names[kind]} only to pages loaded by https or from localhost`);
        }
        const deviceId = this.#chosen[kind];
        const wanted = { ...(typeof constraints === 'object' && constraints), ...(deviceId && { deviceId: { exact: deviceId } }) };
        try {
            const stream = await mediaDevices.getUserMedia({ [kind]: Object.keys(wanted).length ? wanted : true });
            stream.getTracks()[0].addEventListener('ended', () => this.#vanished(kind, stream));
            return stream;
        } catch (cause) {
            throw new AnynodeError(names[kind] + (failures[cause.name] ?? 'Busy'), `the ${names[kind]} can’t be used: ${cause.message || cause.name}`, { cause });
        }
    }

    #close(kind) {
        const stream = this.#streams[kind];
        this.#streams[kind] = null;
        stream?.then((open) => open.getTracks().forEach((track) => track.stop()), () => {});
    }

    /** Unplugged in a call: the system's choice takes its place. */
    async #vanished(kind, stream) {
        if (await this.#streams[kind] !== stream) return;
        this.#chosen[kind] = null;
        this.#emit('error', { error: new AnynodeError(`${names[kind]}NotFound`, `the ${names[kind]} is gone; trying another`) });
        try {
            await this.#replace(kind);
        } catch (error) {
            this.#emit('error', { error });
        }
    }

    /** Every call in progress gets a track of the device that is chosen now; the old one goes when the new one is there. */
    async #replace(kind) {
        const users = [...this.#users].filter(([, user]) => user.kind === kind);
        if (users.length === 0) {
            this.#close(kind);
            return;
        }
        const before = this.#streams[kind];
        this.#streams[kind] = null;
        try {
            for (const [previous, { constraints }] of users) {
                const track = await this.acquire(kind, constraints);
                if (!this.#users.delete(previous)) {
                    // Its call ended meanwhile.
                    this.release(track);
                    continue;
                }
                this.#emit('track', { previous, track });
                previous.stop();
            }
        } catch (error) {
            this.#streams[kind] = before;
            throw error;
        }
        (await before)?.getTracks().forEach((track) => track.stop());
    }

    #emit(type, detail) {
        this.dispatchEvent(new CustomEvent(type, { detail }));
    }
}
