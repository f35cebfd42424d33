// One call as the application sees it. Its state is the server's (technote §10); the page only asks.

import { AnynodeError } from './errors.js';
import { CALL_STATES, DISC_REASON } from './states.js';

const established = new Set([CALL_STATES.ACTIVE, CALL_STATES.HELD, CALL_STATES.HOLDING]);
const withMedia = ['audio', 'video', 'preview'];

/** Only who has it makes calls: the instance. */
export const maker = Symbol('anynode call');

export class anynodeWebRtcCall extends EventTarget {
    #parts;
    #path;
    #identifier;
    #direction;
    #state;
    #remote;
    #local;
    #reason = null;
    #startedAt;
    #answeredAt = null;
    #endedAt = null;
    #isMuted = false;
    #quality = null;
    #connected = promise();
    #ended = promise();
    #isSignaled; // the server knows of it
    #wantsHangUp = null; // the request to send as soon as there is a connection
    #requests = []; // sent, not confirmed yet
    #offer = null; // theirs, until the person answers
    #hasAnswered = false;

    /**
     * @param {symbol} key `maker`
     * @param {object} facts `identifier`, `direction`, `state`, `remote`, `local`; restored: `startedAt`, `answeredAt`, `isMuted`
     * @param {object} parts `send(message)`, `path(parts)` makes the media path, `holdOthers(call)`, `changed(call)`,
     *   `ended(call)`, `failed(error, call)`
     * @param {(control: object) => void} grant takes what the instance does with the call and nobody else may
     */
    constructor(key, facts, parts, grant) {
        super();
        if (key !== maker) throw new AnynodeError('invalidArgument', 'calls are made by instance.call(), not by new');
        this.#parts = parts;
        this.#identifier = facts.identifier;
        this.#direction = facts.direction;
        this.#state = facts.state;
        this.#remote = facts.remote ?? { dialString: '' };
        this.#local = facts.local ?? null;
        this.#startedAt = facts.startedAt ?? Date.now();
        this.#answeredAt = facts.answeredAt ?? null;
        this.#isSignaled = facts.state !== CALL_STATES.DIALING;
        this.#path = parts.path({
            send: (action, members) => parts.send({ operation: 'media', action, identifier: this.identifier, ...members }),
            changed: () => {
                this.#emit('mediachange');
                parts.changed(this);
            },
            failed: (error) => {
                this.#emit('error', { error });
                parts.failed(error, this);
            },
        });
        if (facts.isMuted) this.#setMuted(true);
        if (this.isEstablished) this.#connected.resolve(this);
        grant({
            path: this.#path,
            isSignaled: () => this.#isSignaled,
            dial: (options) => this.#dial(options),
            update: (message, isRestored) => this.#update(message, isRestored),
            receiveMedia: (message) => this.#receiveMedia(message),
            end: (reason, error) => this.#end(reason, error),
            repair: (isNetworkChanged) => this.isEstablished && this.#path.repair(performance.now(), { isNetworkChanged }),
            measure: async () => {
                const quality = await this.getQuality();
                if (quality) this.#emit('quality', quality);
            },
        });
    }

    get identifier() { return this.#identifier; }
    get direction() { return this.#direction; }
    get state() { return this.#state; }
    get reason() { return this.#reason; }
    get remoteAddress() { return this.#remote; }
    get localAddress() { return this.#local; }
    get startedAt() { return this.#startedAt; }
    get answeredAt() { return this.#answeredAt; }
    get endedAt() { return this.#endedAt; }
    get duration() { return this.#answeredAt === null ? 0 : (this.#endedAt ?? Date.now()) - this.#answeredAt; }
    get isEstablished() { return established.has(this.#state); }
    get isMuted() { return this.#isMuted; }
    get isVideoOn() { return this.#path.isVideoOn; }
    get isScreenShared() { return this.#path.isScreenShared; }
    get hasRemoteVideo() { return this.#path.hasRemoteVideo; }
    get mediaState() { return this.#path.state; }
    get remoteStream() { return this.#path.remoteStream; }
    get quality() { return this.#quality; }
    get connected() { return this.#connected.promise; }
    get ended() { return this.#ended.promise; }

    get isOffered() {
        return this.#direction === 'incoming'
            && (this.#state === CALL_STATES.OFFERED || this.#state === CALL_STATES.RINGING);
    }

    /** Whether the caller would like to show its picture: known before the answer. */
    get offersVideo() { return /^m=video [1-9]/m.test(this.#offer?.sdp ?? ''); }

    // MARK: what a person does

    ring() {
        this.#expect(this.isOffered, 'ring');
        this.#send('accept');
    }

    async answer(options = {}) {
        this.#expect(this.isOffered && !this.#hasAnswered, 'answer');
        this.#hasAnswered = true;
        try {
            this.attach(options);
            // The microphone comes first: who can't speak does not pick up.
            await this.#path.prepare({ withVideo: options.withVideo });
            if (!this.isOffered) throw this.#endedError();
            this.#parts.holdOthers(this);
            const answered = this.#request('answer', {}, () => this.isEstablished);
            this.#answerMedia();
            await answered;
        } catch (error) {
            this.#hasAnswered = false;
            throw error;
        }
    }

    reject() { this.#decline(DISC_REASON.REJECTED, 'reject'); }
    busy() { this.#decline(DISC_REASON.BUSY, 'busy'); }

    hangUp() {
        if (this.#state === CALL_STATES.TERMINATED || this.#wantsHangUp) return;
        if (this.#isSignaled) this.#terminate({});
        else this.#end(DISC_REASON.CANCELLED);
    }

    async hold() {
        this.#expect(this.isEstablished, 'hold');
        if (this.#state !== CALL_STATES.HELD) {
            await this.#request('hold', {}, () => this.#state === CALL_STATES.HELD);
        }
    }

    async retrieve() {
        this.#expect(this.#state === CALL_STATES.HELD, 'retrieve');
        this.#parts.holdOthers(this);
        await this.#request('retrieve', {}, () => this.isEstablished && this.#state !== CALL_STATES.HELD);
    }

    async transfer(target) {
        const isCall = target instanceof anynodeWebRtcCall;
        const members = isCall ? { transferIdentifier: target.identifier }
            : { remoteAddress: { dialString: asDialString(target) } };
        if (target === this) throw new AnynodeError('invalidArgument', 'transfer: expected another call, found this one');
        this.#expect(this.isEstablished && (!isCall || target.isEstablished), 'transfer');
        await this.#request('transfer', members, () => this.#reason === DISC_REASON.TRANSFERRED);
    }

    async sendDigits(digits, options) {
        if (!/^[0-9A-D*#,]+$/i.test(digits)) {
            throw new AnynodeError('invalidArgument', `sendDigits: expected 0–9 A–D * # and commas, found ${JSON.stringify(digits)}`);
        }
        this.#expect(this.#state === CALL_STATES.ACTIVE, 'sendDigits');
        await this.#path.sendDigits(digits, options);
    }

    mute() { this.#setMuted(true); }
    unmute() { this.#setMuted(false); }

    async startVideo(constraints) {
        this.#expect(this.isEstablished, 'startVideo');
        await this.#path.startVideo(constraints);
    }

    async stopVideo() { await this.#path.stopVideo(); }

    async startScreenShare() {
        this.#expect(this.isEstablished, 'startScreenShare');
        await this.#path.startScreenShare();
    }

    async stopScreenShare() { await this.#path.stopScreenShare(); }

    attach(options) {
        this.#path.attach(Object.fromEntries(withMedia.filter((name) => options[name]).map((name) => [name, options[name]])));
    }

    async getQuality() {
        const quality = await this.#path.quality();
        if (quality) this.#quality = quality;
        return quality;
    }

    async restartIce() {
        this.#expect(this.isEstablished, 'restartIce');
        await this.#path.restartIce();
    }

    // MARK: what the instance does

    async #dial(options) {
        try {
            this.attach(options);
            await this.#path.prepare({ withVideo: options.withVideo });
        } catch (error) {
            this.#end(DISC_REASON.CANCELLED, error);
            return;
        }
        if (this.#state !== CALL_STATES.DIALING) return;
        this.#parts.holdOthers(this);
        if (this.#send('start', { remoteAddress: { dialString: this.#remote.dialString } })) {
            this.#isSignaled = true;
            this.#path.offer();
        } else {
            this.#end(DISC_REASON.CANCELLED, this.#notConnected('call'));
        }
    }

    /** Takes over what the server says of the call. */
    #update({ state, reason, remoteAddress, localAddress }, isRestored) {
        if (this.#state === CALL_STATES.TERMINATED) return;
        this.#isSignaled = true;
        const isSomebodyElse = this.#takeAddresses(asAddress(remoteAddress), asAddress(localAddress));
        if (reason && reason !== DISC_REASON.SUCCESS) this.#reason = reason;
        if (state === CALL_STATES.TERMINATED) {
            this.#end(reason ?? DISC_REASON.NORMAL);
            return;
        }
        if (this.#wantsHangUp) {
            if (isRestored) this.#send('terminate', this.#wantsHangUp);
            return;
        }
        if (isSomebodyElse) this.#path.reset();
        this.#become(state, reason);
        if (this.isEstablished) {
            this.#answerMedia();
            this.#path.setPaused(state !== CALL_STATES.ACTIVE);
        }
        if (isRestored) this.#resume();
        this.#settle(reason, isRestored);
    }

    #takeAddresses(remote, local) {
        if (local?.dialString) this.#local = local;
        const before = this.#remote;
        if (!remote?.dialString) return false;
        this.#remote = remote;
        const isSomebodyElse = remote.dialString !== before.dialString;
        if (isSomebodyElse || remote.displayName !== before.displayName) this.#emit('remotechange', { remoteAddress: remote });
        return isSomebodyElse && this.isEstablished;
    }

    #become(state, reason) {
        const previous = this.#state;
        this.#state = state;
        const isFirst = this.isEstablished && this.#answeredAt === null;
        if (isFirst) this.#answeredAt = Date.now();
        if (state !== previous) this.#emit('statechange', { state, previous, reason });
        if (isFirst) this.#emit('connected');
        if (this.isEstablished) this.#connected.resolve(this);
        this.#parts.changed(this);
    }

    /** After a reload or a reconnect: media that is not there, or was in the middle of a negotiation, begins anew. */
    #resume() {
        if (!this.isOffered && !this.#path.isSettled) this.#path.offer();
    }

    #receiveMedia({ action, sdp, ice }) {
        if (this.#wantsHangUp || this.#state === CALL_STATES.TERMINATED) return;
        const description = asDescription(action, sdp);
        if (action === 'offer' && description) {
            this.#offer = description;
            // The caller's offer may come after the person picked up and before the server says so.
            if (!this.isOffered || this.#hasAnswered) this.#answerMedia();
            this.#parts.changed(this);
        } else if (action === 'answer' && description) {
            this.#path.receiveAnswer(description);
        } else if (action === 'offer' && ice === undefined) {
            this.#path.offer();
        }
        if (ice !== undefined && ice !== null) this.#path.receiveCandidates(ice);
    }

    #answerMedia() {
        const offer = this.#offer;
        this.#offer = null;
        if (offer) this.#path.receiveOffer(offer);
    }

    #end(reason, error) {
        if (this.#state === CALL_STATES.TERMINATED) return;
        this.#reason = reason;
        this.#endedAt = Date.now();
        this.#path.close();
        this.#become(CALL_STATES.TERMINATED, reason);
        const failure = error ?? this.#endedError();
        this.#connected.reject(failure);
        this.#settle(reason, false, failure);
        const end = { reason, duration: this.duration, ...(error && { error }) };
        this.#ended.resolve(end);
        this.#parts.ended(this);
        this.#emit('ended', end);
    }

    // MARK: requests

    #send(action, members = {}) {
        return this.#parts.send({ operation: 'signaling', action, identifier: this.#identifier, ...members });
    }

    /** Resolves when the server's next words on this call say that it is done. */
    #request(action, members, isDone) {
        if (!this.#send(action, members)) throw this.#notConnected(action);
        return new Promise((resolve, reject) => this.#requests.push({ action, members, isDone, resolve, reject }));
    }

    /** What the server said last ends requests: done, refused, or with the call. What got lost with a connection is said again. */
    #settle(reason, isRestored, failure) {
        const open = [];
        for (const request of this.#requests) {
            if (request.isDone()) request.resolve();
            else if (failure) request.reject(failure);
            else open.push(request);
        }
        if (reason && reason !== DISC_REASON.SUCCESS && !failure) {
            // A status with a reason that ends nothing is a refusal: of the oldest request, or of an offer that crossed theirs.
            const refused = open.shift();
            if (refused) {
                refused.reject(new AnynodeError('requestRefused', `the server refused to ${refused.action}: ${reason}`, { reason }));
            } else if (reason === DISC_REASON.INVALID_STATE) {
                this.#path.yield();
            }
        }
        this.#requests = open;
        if (isRestored) open.forEach(({ action, members }) => this.#send(action, members));
    }

    #decline(reason, action) {
        this.#expect(this.isOffered, action);
        this.#terminate({ reason });
    }

    /** Nobody is heard any more from now on, whatever the connection does. */
    #terminate(members) {
        this.#wantsHangUp = members;
        this.#path.close();
        this.#send('terminate', members);
        this.#become(CALL_STATES.TERMINATING);
    }

    #setMuted(isMuted) {
        this.#isMuted = isMuted;
        this.#path.setMuted(isMuted);
        this.#emit('mediachange');
        this.#parts.changed(this);
    }

    // MARK: telling

    #expect(isPossible, action) {
        if (isPossible) return;
        throw new AnynodeError('invalidState', `${action} is not possible: this ${this.#direction} call is ${this.#state}`);
    }

    #endedError() {
        return new AnynodeError('callEnded', `the call ended: ${this.#reason}`, { reason: this.#reason });
    }

    #notConnected(action) {
        return new AnynodeError('notConnected', `${action}: there is no connection to the server now`);
    }

    #emit(type, detail) {
        this.dispatchEvent(detail ? new CustomEvent(type, { detail }) : new Event(type));
    }
}

/** An address may come as a bare dial string. */
export function asAddress(address) {
    return typeof address === 'string' ? { dialString: address } : (address ?? null);
}

/** A number as people write it, `(05363) 8195-999`, as it is dialled. */
export function asDialString(text) {
    const dialString = typeof text === 'string' ? text.replace(/[\s()/]/g, '') : '';
    if (!/^[0-9A-Za-z+*#._-]{1,64}$/.test(dialString)) {
        throw new AnynodeError('invalidArgument', `expected a number to dial, found ${JSON.stringify(text)}`);
    }
    return dialString;
}

/** We send RTCSessionDescription objects; other clients may send the text alone. */
function asDescription(action, sdp) {
    if (!sdp) return null;
    return typeof sdp === 'string' ? { type: action, sdp } : { type: sdp.type ?? action, sdp: sdp.sdp };
}

/** A promise with its ends; a rejection that nobody asked for is no error of the page. */
function promise() {
    let ends;
    const made = new Promise((resolve, reject) => { ends = { resolve, reject }; });
    made.catch(() => {});
    return { promise: made, ...ends };
}
