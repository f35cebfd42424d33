// The audio of one call: RTCPeerConnection, offer and answer, and what to do when they cross.

const gatheringLimit = 2_000;
const glarePatience = 2_500;
const offerPatience = 3_000;
const connectPatience = 10_000;
const repairLimit = 3;

/**
 * The audio of one call. Steps run one after the other; a newer round (an offer of ours, one of theirs, a reset)
 * cuts the older one short.
 */
export class AudioPath {
    #peer = null;
    #track = null;
    #opening = null;
    #ownOffer = null; // sent and not answered yet
    #deferredOffer = null; // theirs, crossed ours and lost the draw
    #deferredTimer = 0;
    #round = new AbortController();
    #steps = Promise.resolve();
    #isClosed = false;
    #isMuted = false;
    #isPaused = false;
    #waitingSince = 0;
    #repairs = 0; // in a row, without success
    repairsMade = 0; // in all; the tests want none

    /**
     * @param {object} parts `send(action, members)`, `microphone`, `iceServers()`, `element` (an audio element),
     *   `changed()`, `failed(error)`
     */
    constructor(parts) {
        this.parts = parts;
    }

    /** `none`, or the connection state of the present RTCPeerConnection. */
    get state() {
        return this.#peer?.connectionState ?? 'none';
    }

    get isSettled() {
        return this.#peer?.signalingState === 'stable' && this.#ownOffer === null;
    }

    /** Opens the microphone before anything is signaled, so that a refusal costs no call. */
    async prepare() {
        if (this.#track) return;
        this.#opening ??= this.parts.microphone.acquire();
        try {
            this.#track = await this.#opening;
        } finally {
            this.#opening = null;
        }
        if (this.#isClosed) this.#releaseTrack();
    }

    /** A new RTCPeerConnection, and its offer once the candidates are gathered. */
    offer() {
        const round = this.#beginRound();
        return this.#step(round, async () => {
            const peer = await this.#replacePeer(round);
            await peer.setLocalDescription();
            await gathered(peer, round);
            if (round.aborted) return;
            this.#ownOffer = peer.localDescription;
            this.#sendDescription('offer', peer);
        });
    }

    /** Their offer. When it crosses ours, the greater text wins on both sides; who won waits, but not for ever. */
    receiveOffer(description) {
        if (this.#ownOffer && this.#ownOffer.sdp > description.sdp) {
            this.#deferredOffer = description;
            clearTimeout(this.#deferredTimer);
            this.#deferredTimer = setTimeout(() => this.yield(), glarePatience);
            return undefined;
        }
        const round = this.#beginRound();
        return this.#step(round, async () => {
            const peer = this.#canKeepPeer(description) ? this.#peer : await this.#replacePeer(round);
            await peer.setRemoteDescription(description);
            await peer.setLocalDescription();
            await gathered(peer, round);
            if (round.aborted) return;
            this.#sendDescription('answer', peer);
        });
    }

    /** Gives up our offer for theirs that crossed it: nobody answered, or the server refused it. */
    yield() {
        const offer = this.#deferredOffer;
        if (!offer) return;
        this.#ownOffer = null;
        this.receiveOffer(offer);
    }

    /** An answer without an offer of ours is late (it belongs to a page that was reloaded) and is ignored. */
    receiveAnswer(description) {
        const round = this.#round.signal;
        if (!this.#ownOffer) return undefined;
        return this.#step(round, async () => {
            if (this.#peer?.signalingState !== 'have-local-offer') return;
            this.#ownOffer = null;
            this.#forgetDeferred();
            await this.#peer.setRemoteDescription(description);
        });
    }

    /** Candidates that came alone. One that belongs to an older description is refused by the browser: ignored. */
    receiveCandidates(ice) {
        return this.#step(this.#round.signal, async () => {
            for (const candidate of Array.isArray(ice) ? ice : [ice]) {
                await this.#peer?.addIceCandidate(candidate).catch(() => {});
            }
        });
    }

    /** The other party is somebody else now: nothing of the old path is of use. */
    reset() {
        this.#beginRound();
        this.#closePeer();
        this.#repairs = 0;
        this.parts.changed();
    }

    setMuted(isMuted) {
        this.#isMuted = isMuted;
        if (this.#track) this.#track.enabled = !isMuted;
    }

    /** On hold neither side hears the other; the path stays up and carries nothing. */
    setPaused(isPaused) {
        this.#isPaused = isPaused;
        this.parts.element.muted = isPaused;
        return this.#step(null, () => this.#applyPause());
    }

    /** Looked at every second of a call: offers anew when there should be audio by now and there is none. */
    repair(now = performance.now()) {
        if (this.state === 'connected') {
            this.#repairs = 0;
            this.#waitingSince = 0;
            return;
        }
        this.#waitingSince ||= now + Math.random() * 2_000;
        const patience = { failed: 500, none: offerPatience }[this.state] ?? connectPatience;
        if (now - this.#waitingSince < patience || this.#repairs >= repairLimit) return;
        this.#repairs += 1;
        this.repairsMade += 1;
        this.#waitingSince = 0;
        this.offer();
    }

    /** Audio packets and levels from getStats, or null without a connection. */
    async statistics() {
        const peer = this.#peer;
        if (!peer || peer.connectionState === 'closed') return null;
        const sums = { packetsReceived: 0, packetsSent: 0, packetsLost: 0, levelIn: 0, levelOut: 0, roundTrip: null };
        for (const entry of (await peer.getStats()).values()) {
            if (entry.type === 'inbound-rtp' && entry.kind === 'audio') {
                sums.packetsReceived += entry.packetsReceived ?? 0;
                sums.packetsLost += entry.packetsLost ?? 0;
                sums.levelIn = Math.max(sums.levelIn, entry.audioLevel ?? 0);
            } else if (entry.type === 'outbound-rtp' && entry.kind === 'audio') {
                sums.packetsSent += entry.packetsSent ?? 0;
            } else if (entry.type === 'media-source' && entry.kind === 'audio') {
                sums.levelOut = Math.max(sums.levelOut, entry.audioLevel ?? 0);
            } else if (entry.type === 'candidate-pair' && entry.nominated && entry.state === 'succeeded') {
                sums.roundTrip = entry.currentRoundTripTime ?? null;
            }
        }
        return sums;
    }

    close() {
        this.#isClosed = true;
        this.#round.abort();
        this.#forgetDeferred();
        this.#closePeer();
        this.#releaseTrack();
        this.parts.element.srcObject = null;
    }

    #beginRound() {
        this.#round.abort();
        this.#round = new AbortController();
        this.#ownOffer = null;
        this.#waitingSince = 0;
        this.#forgetDeferred();
        return this.#round.signal;
    }

    #step(round, work) {
        this.#steps = this.#steps.then(async () => {
            if (this.#isClosed || round?.aborted) return;
            try {
                await work();
            } catch (error) {
                // A connection that was replaced or closed in the middle of a step fails that step: as intended.
                if (!this.#isClosed && !round?.aborted) this.parts.failed(error);
            }
        });
        return this.#steps;
    }

    /** The same certificate on their side means the same connection there, and ours can go on. */
    #canKeepPeer(description) {
        const present = this.#peer?.remoteDescription;
        if (!present || ['failed', 'closed'].includes(this.#peer.connectionState)) return false;
        return fingerprints(present.sdp) === fingerprints(description.sdp);
    }

    async #replacePeer(round) {
        this.#closePeer();
        const peer = new RTCPeerConnection({ iceServers: this.parts.iceServers() });
        this.#peer = peer;
        peer.onconnectionstatechange = () => this.parts.changed();
        peer.ontrack = ({ track, streams }) => this.#play(streams[0] ?? new MediaStream([track]));
        peer.onicecandidate = ({ candidate }) => {
            if (candidate?.candidate && peer === this.#peer) this.#sendLate(peer, candidate);
        };
        try {
            await this.prepare();
        } catch (error) {
            // A call that exists already (a reload, a transfer) goes on without a microphone: at least it is heard.
            this.parts.failed(error);
        }
        if (round.aborted || this.#isClosed) return peer;
        if (this.#track) {
            this.#track.enabled = !this.#isMuted;
            peer.addTrack(this.#track, new MediaStream([this.#track]));
            await this.#applyPause();
        } else {
            peer.addTransceiver('audio', { direction: 'recvonly' });
        }
        this.parts.changed();
        return peer;
    }

    async #applyPause() {
        const sender = this.#peer?.getSenders().find((one) => one.track?.kind === 'audio' || one.track === null);
        if (sender && this.#track) await sender.replaceTrack(this.#isPaused ? null : this.#track);
    }

    #play(stream) {
        const { element } = this.parts;
        element.srcObject = stream;
        element.play().catch((error) => {
            if (error.name === 'NotAllowedError') this.parts.failed(error);
        });
    }

    #sendDescription(action, peer) {
        const { type, sdp } = peer.localDescription;
        peer.wasDescribed = action;
        this.parts.send(action, { sdp: { type, sdp } });
    }

    /** A candidate found after the description had to go: it follows alone. */
    #sendLate(peer, candidate) {
        if (peer.wasDescribed) this.parts.send(peer.wasDescribed, { ice: [candidate.toJSON()] });
    }

    #forgetDeferred() {
        clearTimeout(this.#deferredTimer);
        this.#deferredOffer = null;
    }

    #closePeer() {
        if (!this.#peer) return;
        this.#peer.onconnectionstatechange = null;
        this.#peer.ontrack = null;
        this.#peer.onicecandidate = null;
        this.#peer.close();
        this.#peer = null;
    }

    #releaseTrack() {
        if (this.#track) this.parts.microphone.release(this.#track);
        this.#track = null;
    }
}

/** Resolves when all candidates are known, after two seconds, or when the round is over. */
function gathered(peer, round) {
    if (peer.iceGatheringState === 'complete' || round.aborted) return Promise.resolve();
    return new Promise((resolve) => {
        const timer = setTimeout(done, gatheringLimit);
        function done() {
            clearTimeout(timer);
            peer.removeEventListener('icegatheringstatechange', look);
            round.removeEventListener('abort', done);
            resolve();
        }
        function look() {
            if (peer.iceGatheringState === 'complete') done();
        }
        peer.addEventListener('icegatheringstatechange', look);
        round.addEventListener('abort', done);
    });
}

function fingerprints(sdp) {
    return [...sdp.matchAll(/^a=fingerprint:(.+)$/gm)].map((match) => match[1].trim().toUpperCase()).sort().join(' ');
}
