// One call as this client sees it. Its state is the server's; the page only asks.

import { AudioPath } from './audio.js';

const established = new Set(['active', 'held', 'holding']);

export class Call {
    state;
    remote;
    reason = null;
    isMuted = false;
    activeSince = null; // wall clock, so that the timer survives a reload
    wantsHangUp = false;
    isSignaled = false; // whether the server knows of it
    isAnswering = false;
    #offer = null; // theirs, until the person answers
    #hasAnswered = false;

    /**
     * @param {object} facts `identifier`, `direction` (`incoming` or `outgoing`), `state`, `remote`
     * @param {object} parts `send(message)`, `microphone`, `iceServers()`, `changed()`, `failed(error)`
     */
    constructor({ identifier, direction, state, remote }, parts) {
        this.identifier = identifier;
        this.direction = direction;
        this.state = state;
        this.isSignaled = state !== 'dialing';
        this.remote = remote ?? {};
        this.parts = parts;
        this.element = new Audio();
        this.element.autoplay = true;
        this.path = new AudioPath({
            ...parts,
            element: this.element,
            send: (action, members) => parts.send({ operation: 'media', action, identifier, ...members }),
        });
    }

    get isEstablished() {
        return established.has(this.state);
    }

    /** Waits for the person to answer or reject. */
    get isOffered() {
        return this.direction === 'incoming' && (this.state === 'offered' || this.state === 'ringing');
    }

    request(action, members = {}) {
        return this.parts.send({ operation: 'signaling', action, identifier: this.identifier, ...members });
    }

    async dial() {
        await this.path.prepare();
        if (this.state !== 'dialing') return;
        this.isSignaled = true;
        this.request('start', { remoteAddress: { dialString: this.remote.dialString } });
        this.path.offer();
    }

    /** The microphone comes first: who can't speak does not pick up. */
    async answer() {
        this.isAnswering = true;
        this.parts.changed();
        try {
            await this.path.prepare();
            if (!this.isOffered) return;
            this.#hasAnswered = this.request('answer');
            if (this.#hasAnswered) this.#answerMedia();
        } finally {
            this.isAnswering = false;
            this.parts.changed();
        }
    }

    hangUp(reason) {
        this.wantsHangUp = true;
        if (this.request('terminate', reason ? { reason } : {})) this.state = 'terminating';
        this.parts.changed();
    }

    setMuted(isMuted) {
        this.isMuted = isMuted;
        this.path.setMuted(isMuted);
        this.parts.changed();
    }

    /** Takes over what the server says; true when the call goes on. */
    update({ state, remoteAddress, reason }) {
        const wasEstablished = this.isEstablished;
        const remote = asAddress(remoteAddress);
        const isSomebodyElse = wasEstablished && remote?.dialString && remote.dialString !== this.remote.dialString;
        if (remote?.dialString) this.remote = remote;
        if (reason) this.reason = reason;
        this.state = state;
        if (state === 'terminated') {
            this.path.close();
            return false;
        }
        if (isSomebodyElse) {
            this.activeSince = null;
            this.path.reset();
        }
        if (this.isEstablished) this.activeSince ??= Date.now();
        if (this.isEstablished) this.#answerMedia();
        this.path.setPaused(state === 'held' || state === 'holding');
        return true;
    }

    /** After a reload there is no audio path: the page offers a new one, unless the person has not answered yet. */
    resume() {
        if (!this.isOffered && this.path.isSettled === false) this.path.offer();
    }

    receiveMedia({ action, sdp, ice }) {
        const description = asDescription(action, sdp);
        if (action === 'offer' && description) {
            this.#offer = description;
            // The caller's offer may come after the person picked up and before the server says so.
            if (!this.isOffered || this.#hasAnswered) this.#answerMedia();
        } else if (action === 'answer' && description) {
            this.path.receiveAnswer(description);
        } else if (action === 'offer' && ice === undefined) {
            this.path.offer();
        }
        if (ice !== undefined && ice !== null) this.path.receiveCandidates(ice);
    }

    #answerMedia() {
        const offer = this.#offer;
        this.#offer = null;
        if (offer) this.path.receiveOffer(offer);
    }
}

/** An address may come as a bare dial string. */
export function asAddress(address) {
    return typeof address === 'string' ? { dialString: address } : (address ?? null);
}

/** This page sends RTCSessionDescription objects; other clients may send the text alone. */
function asDescription(action, sdp) {
    if (!sdp) return null;
    return typeof sdp === 'string' ? { type: action, sdp } : { type: sdp.type ?? action, sdp: sdp.sdp };
}
