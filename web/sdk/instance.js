// The telephone: a registration and the calls on it.

import { anynodeWebRtcCall, asAddress, asDialString, maker } from './call.js';
import { Devices } from './devices.js';
import { AnynodeError } from './errors.js';
import { Link } from './link.js';
import { MediaPath } from './media.js';
import { redacted } from './redaction.js';
import { CALL_STATES, DISC_REASON, LOGIN_STATES } from './states.js';
import { Tones } from './tones.js';

/** After a restore the server lists its calls at once. */
const restoreListLimit = 2_000;

const defaults = {
    url: undefined,
    iceServers: undefined,
    iceTransportPolicy: 'all',
    trickle: false,
    gatheringTimeout: 2_000,
    storage: 'session',
    storageKey: 'anynode',
    description: 'anynode WebRTC JavaScript 1.0.0',
    tones: 'de',
    autoRing: true,
    autoHold: true,
    audio: undefined,
    qualityInterval: 1_000,
    passwordMethod: 'auto',
};

/** What the caller hears when a call was not answered; any other reason says nothing by sound. */
const endings = {
    [DISC_REASON.BUSY]: 'busy', [DISC_REASON.REJECTED]: 'busy', [DISC_REASON.NO_ANSWER]: 'congestion',
    [DISC_REASON.NOT_FOUND]: 'congestion', [DISC_REASON.UNAVAILABLE]: 'congestion', [DISC_REASON.OVERLOAD]: 'congestion',
    [DISC_REASON.FORBIDDEN]: 'congestion', [DISC_REASON.DIRECTORY_UNAVAILABLE]: 'congestion',
    [DISC_REASON.INTERNAL]: 'congestion', [DISC_REASON.CONNECTION_LOST]: 'congestion',
};

export class anynodeWebRtcInstance extends EventTarget {
    #options;
    #link;
    #devices;
    #tones;
    #handlers = {};
    #calls = new Map(); // identifier → { call, control, measuredAt }
    #unconfirmed = new Set(); // calls a restore has not listed yet
    #heart = 0;

    constructor(options = {}) {
        super();
        for (const name of Object.keys(options)) {
            if (!(name in defaults)) {
                const known = Object.keys(defaults).join(', ');
                throw new AnynodeError('invalidArgument', `unknown option ${JSON.stringify(name)}; known: ${known}`);
            }
        }
        this.#options = { ...defaults, ...options, url: socketAddress(options.url) };
        this.#devices = new Devices({ audio: this.#options.audio });
        this.#tones = new Tones({ cadence: this.#options.tones });
        this.#link = new Link(this.#options, {
            status: (status) => this.#loginChanged(status),
            registered: ({ isRestored }) => this.#registered(isRestored),
            connected: () => {},
            received: (message) => this.#receive(message),
            dropped: (reason) => this.#dropCalls(reason),
            log: (direction, message) => this.#emit('message', { direction, message: redacted(message) }),
        });
        this.#devices.addEventListener('devicechange', ({ detail }) => this.#emit('devicechange', detail));
        this.#devices.addEventListener('error', ({ detail }) => this.#failed(detail.error));
    }

    get loginState() { return this.#link.state; }
    get isRegistered() { return this.#link.state === LOGIN_STATES.REGISTERED; }
    get localAddress() { return this.#link.localAddress; }
    get username() { return this.#link.username; }
    get calls() { return [...this.#calls.values()].map(({ call }) => call); }
    get activeCall() { return this.calls.find(({ state }) => state === CALL_STATES.ACTIVE) ?? null; }
    get notificationConfiguration() { return this.#link.notificationConfiguration; }
    get canBeWoken() { return this.#link.canBeWoken; }

    // MARK: logging in

    async login(credentials, handlers = this.#handlers) {
        this.#handlers = handlers;
        this.#tones.unlock();
        return this.#link.login(credentials);
    }

    async resume(handlers = this.#handlers) {
        this.#handlers = handlers;
        return this.#link.resume();
    }

    async logout() { await this.#link.logout(); }
    async setNotification(token, url) { await this.#link.setNotification(token, url); }

    // MARK: calls

    call(dialString, options = {}) {
        this.#tones.unlock();
        const { call, control } = this.#newCall({
            identifier: `c-${unique()}`, direction: 'outgoing', state: CALL_STATES.DIALING,
            remote: { dialString: asDialString(dialString) }, local: this.localAddress,
        });
        control.dial(options);
        return call;
    }

    #newCall(facts) {
        let control;
        const call = new anynodeWebRtcCall(maker, facts, {
            send: (message) => this.#link.send(message),
            path: (parts) => new MediaPath({
                ...parts, devices: this.#devices, settings: this.#options,
                iceServers: async () => this.#options.iceServers ?? this.#link.freshIceServers(),
            }),
            holdOthers: (other) => this.#holdOthers(other),
            changed: () => this.#changed(),
            ended: (ended) => this.#ended(ended),
            failed: (error, failed) => this.#failed(error, failed),
        }, (granted) => { control = granted; });
        this.#calls.set(call.identifier, { call, control, measuredAt: 0 });
        this.#heart ||= setInterval(() => this.#beat(), 1_000);
        this.#changed();
        return { call, control };
    }

    #ended(call) {
        this.#calls.delete(call.identifier);
        this.#unconfirmed.delete(call.identifier);
        if (this.#calls.size === 0) {
            clearInterval(this.#heart);
            this.#heart = 0;
        }
        const tone = call.direction === 'outgoing' && call.answeredAt === null ? endings[call.reason] : undefined;
        this.#changed();
        if (tone && !this.activeCall) this.#tones.play(tone);
    }

    #holdOthers(call) {
        if (!this.#options.autoHold) return;
        for (const other of this.calls) {
            // Refused or over meanwhile: then it does not talk any more either.
            if (other !== call && other.state === CALL_STATES.ACTIVE) other.hold().catch(() => {});
        }
    }

    // MARK: devices and sound

    async resumeAudio() {
        this.#tones.unlock();
        await Promise.all([...this.#calls.values()].map(({ control }) => control.path.play()));
    }

    devices() { return this.#devices.list(); }
    async setMicrophone(deviceId) { await this.#devices.choose('audio', deviceId); }
    async setCamera(deviceId) { await this.#devices.choose('video', deviceId); }

    async setSpeaker(deviceId) {
        await this.#devices.choose('speaker', deviceId);
        await this.#tones.setSink(deviceId);
    }

    async testSpeaker() {
        this.#tones.unlock();
        await this.#tones.testTone();
    }

    /** What should be heard now besides voices. */
    #playTones() {
        const { calls } = this;
        const isTalking = calls.some((call) => call.isEstablished);
        const isOffered = calls.some((call) => call.isOffered);
        const isRinging = calls.some((call) => call.direction === 'outgoing' && call.state === CALL_STATES.RINGING);
        this.#tones.play(isOffered ? (isTalking ? 'waiting' : 'ring') : isRinging && !isTalking ? 'ringback' : null);
    }

    // MARK: the line to the server

    #loginChanged(status) {
        this.#emit('loginstatus', status);
        this.#handle('onLoginStatus', status);
        this.#changed();
    }

    /** A registration that came back is followed by its calls; one that is not among them has ended meanwhile. */
    #registered(isRestored) {
        if (!isRestored) return;
        const unconfirmed = new Set();
        for (const [identifier, { control }] of this.#calls) {
            if (control.isSignaled()) unconfirmed.add(identifier);
        }
        this.#unconfirmed = unconfirmed;
        setTimeout(() => {
            if (this.#unconfirmed !== unconfirmed) return;
            for (const identifier of unconfirmed) this.#calls.get(identifier)?.control.end(DISC_REASON.CONNECTION_LOST);
            unconfirmed.clear();
        }, restoreListLimit);
    }

    #dropCalls(reason) {
        for (const { control } of [...this.#calls.values()]) control.end(reason);
    }

    #receive(message) {
        const { operation, action, identifier } = message;
        const known = this.#calls.get(identifier);
        if (operation === 'media') known?.control.receiveMedia(message);
        if (operation !== 'signaling') return;
        const isRestored = this.#unconfirmed.delete(identifier);
        if (action === 'start') this.#offered(message, known);
        else if (action === 'status' && known) known.control.update(message, isRestored);
        else if (action === 'status' && message.state !== CALL_STATES.TERMINATED) this.#restored(message);
    }

    #offered({ identifier, remoteAddress, localAddress }, known) {
        const call = known?.call ?? this.#newCall({
            identifier, direction: 'incoming', state: CALL_STATES.OFFERED,
            remote: asAddress(remoteAddress), local: asAddress(localAddress) ?? this.localAddress,
        }).call;
        // Also for a call that is known: the connection may have been lost before the server heard that it rings.
        if (this.#options.autoRing && call.isOffered) call.ring();
        if (known) return;
        this.#emit('incomingcall', { call });
        this.#handle('onIncomingCall', call);
    }

    /** A call that was there before the page was. What the server does not tell is remembered with the registration. */
    #restored(message) {
        const { identifier, remoteAddress, localAddress, state } = message;
        const kept = this.#link.kept.calls?.[identifier];
        const { call, control } = this.#newCall({
            identifier, state, direction: kept?.direction ?? (identifier.startsWith('c-') ? 'outgoing' : 'incoming'),
            remote: asAddress(remoteAddress), local: asAddress(localAddress) ?? this.localAddress,
            startedAt: kept?.startedAt, isMuted: kept?.isMuted,
            answeredAt: kept?.answeredAt ?? (state === CALL_STATES.RINGING ? null : Date.now()),
        });
        this.#emit('restoredcall', { call });
        this.#handle('onRestoredCall', call);
        control.update(message, true);
    }

    // MARK: telling

    /** Each second of a call: mends media that is broken, and says how it sounds. */
    #beat() {
        const { qualityInterval } = this.#options;
        for (const entry of this.#calls.values()) {
            if (this.isRegistered || this.loginState === LOGIN_STATES.CONNECTED) entry.control.repair(false);
            if (!qualityInterval || !entry.call.isEstablished || Date.now() - entry.measuredAt < qualityInterval) continue;
            entry.measuredAt = Date.now();
            entry.control.measure();
        }
    }

    #changed() {
        const calls = {};
        for (const { direction, startedAt, answeredAt, isMuted, identifier } of this.calls) {
            calls[identifier] = { direction, startedAt, answeredAt, isMuted };
        }
        if (JSON.stringify(calls) !== JSON.stringify(this.#link.kept.calls ?? {})) this.#link.keep({ calls });
        this.#playTones();
        this.dispatchEvent(new Event('change'));
    }

    #failed(error, call) {
        this.#emit('error', call ? { error, call } : { error });
    }

    #handle(name, value) {
        try {
            this.#handlers?.[name]?.(value);
        } catch (error) {
            // As with an event listener: the page's mistake is told to the page and stops nobody else.
            reportError(error);
        }
    }

    #emit(type, detail) {
        this.dispatchEvent(new CustomEvent(type, { detail }));
    }
}

function socketAddress(url) {
    let address;
    try {
        address = new URL(url ?? '/', globalThis.location?.href);
    } catch {
        throw new AnynodeError('invalidArgument', `url: expected an address such as wss://pbx.example.com/, found ${JSON.stringify(url)}`);
    }
    address.protocol = address.protocol.replace(/^http/, 'ws');
    if (!/^wss?:$/.test(address.protocol)) {
        throw new AnynodeError('invalidArgument', `url: expected wss:, ws:, https: or http:, found ${address.protocol}`);
    }
    address.search = '';
    address.hash = '';
    return address;
}

/** randomUUID exists in secure contexts only; a page loaded by http from another machine has none. */
function unique() {
    if (crypto.randomUUID) return crypto.randomUUID();
    return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
