// The media of one call: RTCPeerConnection, offer and answer, what to do when they cross, and how to mend what broke.

import { Deferred } from './deferred.js';
import { AnynodeError } from './errors.js';
import { Playback } from './playback.js';
import { digest } from './quality.js';

const offerPatience = 3_000;
const connectPatience = 10_000;
const repairLimit = 3;
const kinds = ['audio', 'video'];

/**
 * Steps run one after the other; a newer round (an offer of ours, one of theirs, a reset) cuts the older one short.
 *
 * Events of the browser never start a negotiation by themselves: what changes the description asks for one.
 */
export class MediaPath {
    isVideoOn = false;
    isScreenShared = false;
    repairsMade = 0; // in all; where nothing breaks there are none
    #parts;
    #playback;
    #peer = null;
    #tracks = { audio: null, video: null };
    #preparing = null;
    #ownOffer = null; // sent and not answered yet
    #deferred = new Deferred((offer) => this.#takeOver(offer));
    #round = new AbortController();
    #steps = Promise.resolve();
    #wantsOffer = false; // something changed while a round was under way
    #isClosed = false;
    #isMuted = false;
    #isPaused = false;
    #waitingSince = 0;
    #repairs = 0; // in a row, without success
    #lastReport = null;

    /**
     * @param {object} parts `devices`, `settings` (`iceTransportPolicy`, `trickle`, `gatheringTimeout`), `iceServers()`,
     *   `send(action, members)`, `changed()`, `failed(error)`
     */
    constructor(parts) {
        this.#parts = parts;
        this.#playback = new Playback(parts);
        parts.devices.addEventListener('track', this.#changeTrack);
    }

    /** `none`, or the connection state of the present RTCPeerConnection. */
    get state() { return this.#peer?.connectionState ?? 'none'; }
    get isSettled() { return this.#peer?.signalingState === 'stable' && this.#ownOffer === null; }
    get remoteStream() { return this.#playback.stream; }
    
    get hasRemoteVideo() {
        const { currentDirection, receiver } = this.#transceiver('video') ?? {};
        return Boolean(currentDirection?.includes('recv')) && !receiver.track.muted;
    }

    // MARK: before and after

    /** Opens the microphone before anything is signaled, so that a refusal costs no call. */
    async prepare({ withVideo } = {}) {
        this.#preparing ??= this.#open(withVideo).finally(() => { this.#preparing = null; });
        await this.#preparing;
    }

    async #open(withVideo) {
        this.#tracks.audio ??= await this.#acquire('audio');
        if (withVideo && !this.isVideoOn) await this.#openVideo(withVideo === true ? undefined : withVideo);
    }

    async #acquire(kind, constraints) {
        const track = await this.#parts.devices.acquire(kind, constraints);
        if (!this.#isClosed) return track;
        this.#parts.devices.release(track);
        return null;
    }

    close() {
        if (this.#isClosed) return;
        this.#isClosed = true;
        this.#round.abort();
        this.#deferred.forget();
        this.#parts.devices.removeEventListener('track', this.#changeTrack);
        this.#closePeer();
        this.#release('audio');
        this.#release('video');
        this.isVideoOn = this.isScreenShared = false;
        this.#playback.close();
    }

    attach(elements) { this.#playback.attach(elements); }
    play() { return this.#playback.play(); }

    // MARK: negotiation

    /** A new RTCPeerConnection, and its offer. */
    offer() {
        const round = this.#beginRound();
        return this.#step(round, async () => {
            await this.#replacePeer(round);
            if (round.aborted) return;
            if (!this.#tracks.audio) this.#peer.addTransceiver('audio', { direction: 'recvonly' });
            this.#fillTransceivers();
            await this.#sendTracks();
            await this.#sendOffer(round);
        });
    }

    /** An offer on the present connection: something of ours changed. While another negotiation is under way it has to wait. */
    #renegotiate(options) {
        if (!this.#peer) return undefined;
        if (!this.isSettled) {
            this.#wantsOffer = true;
            return undefined;
        }
        const round = this.#beginRound();
        return this.#step(round, () => this.#sendOffer(round, options));
    }

    async #sendOffer(round, { iceRestart = false } = {}) {
        const peer = this.#peer;
        if (iceRestart) peer.restartIce();
        await peer.setLocalDescription();
        await this.#gathered(peer, round);
        if (round.aborted) return;
        this.#wantsOffer = false;
        this.#ownOffer = peer.localDescription;
        this.#send('offer', peer);
    }

    /** Their offer. When it crosses ours, the greater text wins on both sides; who won waits, but not for ever. */
    receiveOffer(description) {
        if (this.#ownOffer && this.#ownOffer.sdp > description.sdp) {
            this.#deferred.keep(description);
            return undefined;
        }
        const round = this.#beginRound();
        return this.#step(round, async () => {
            const isSame = this.#isOfThisPeer(description);
            const wantsOffer = !isSame || this.#wantsOffer || this.#peer.signalingState === 'have-local-offer';
            if (!isSame) await this.#replacePeer(round);
            if (round.aborted) return;
            const peer = this.#peer;
            // In the middle of an offer of ours, the browser takes that back by itself.
            await peer.setRemoteDescription(description);
            this.#fillTransceivers();
            await this.#sendTracks();
            await peer.setLocalDescription();
            await this.#gathered(peer, round);
            if (round.aborted) return;
            this.#send('answer', peer);
            this.#settled(wantsOffer);
        });
    }

    /** Gives up our offer for theirs that crossed it: nobody answered, or the server refused it. */
    yield() { this.#deferred.release(); }

    #takeOver(offer) {
        this.#ownOffer = null;
        this.receiveOffer(offer);
    }

    /** An answer without an offer of ours is late (it belongs to a page that was reloaded) and is ignored. */
    receiveAnswer(description) {
        if (!this.#ownOffer) return undefined;
        return this.#step(this.#round.signal, async () => {
            if (this.#peer?.signalingState !== 'have-local-offer') return;
            this.#ownOffer = null;
            this.#deferred.forget();
            await this.#peer.setRemoteDescription(description);
            await this.#sendTracks();
            this.#settled(this.#wantsOffer);
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
        this.#parts.changed();
    }

    #settled(wantsOffer) {
        this.#parts.changed();
        this.#wantsOffer = false;
        if (wantsOffer && this.#needsOffer()) queueMicrotask(() => this.#renegotiate());
    }

    /** What we would send is not what the present description says. */
    #needsOffer() {
        return kinds.some((kind) => {
            const isAgreed = (this.#transceiver(kind)?.currentDirection ?? '').includes('send');
            return isAgreed !== Boolean(this.#tracks[kind]);
        });
    }

    // MARK: what goes wrong

    /** Looked at every second of a call: mends what should be connected by now and is not. First the path alone, then all of it. */
    repair(now, { isNetworkChanged = false } = {}) {
        if (this.state === 'connected' && !isNetworkChanged) {
            this.#repairs = 0;
            this.#waitingSince = 0;
            return;
        }
        this.#waitingSince ||= now + Math.random() * 2_000;
        const patience = { failed: 500, none: offerPatience }[this.state] ?? connectPatience;
        if ((now - this.#waitingSince < patience && !isNetworkChanged) || this.#repairs > repairLimit) return;
        this.#repairs += 1;
        this.#waitingSince = 0;
        if (this.#repairs > repairLimit) {
            this.#parts.failed(new AnynodeError('mediaFailed', `no path for the media after ${repairLimit} tries: is a TURN server configured?`));
            return;
        }
        this.repairsMade += 1;
        if (this.#repairs === 1 && this.isSettled && this.state !== 'closed') this.restartIce();
        else this.offer();
    }

    async restartIce() { await this.#renegotiate({ iceRestart: true }); }

    // MARK: what is sent

    setMuted(isMuted) {
        this.#isMuted = isMuted;
        if (this.#tracks.audio) this.#tracks.audio.enabled = !isMuted;
    }

    /** On hold neither side hears or sees the other; the path stays up and carries nothing. */
    setPaused(isPaused) {
        if (this.#isPaused === isPaused) return undefined;
        this.#isPaused = isPaused;
        this.#playback.setPaused(isPaused);
        return this.#step(null, () => this.#sendTracks());
    }

    async startVideo(constraints) {
        await this.#openVideo(constraints);
        await this.#showVideo();
    }

    async startScreenShare() {
        const track = await this.#parts.devices.screen();
        if (this.#isClosed) return this.#parts.devices.release(track);
        this.#release('video');
        this.#tracks.video = track;
        this.isVideoOn = false;
        this.isScreenShared = true;
        track.addEventListener('ended', () => this.#tracks.video === track && this.stopScreenShare());
        return this.#showVideo();
    }

    stopVideo() { return this.isVideoOn ? this.#hideVideo() : undefined; }
    stopScreenShare() { return this.isScreenShared ? this.#hideVideo() : undefined; }

    async #openVideo(constraints) {
        const track = await this.#acquire('video', constraints);
        if (!track) return;
        this.#release('video');
        this.#tracks.video = track;
        this.isVideoOn = true;
        this.isScreenShared = false;
    }

    async #showVideo() {
        this.#playback.preview(this.#tracks.video);
        await this.#step(null, async () => {
            if (!this.#peer) return;
            this.#fillTransceivers();
            await this.#sendTracks();
        });
        this.#parts.changed();
        if (this.#needsOffer()) await this.#renegotiate();
    }

    async #hideVideo() {
        this.#release('video');
        this.isVideoOn = this.isScreenShared = false;
        this.#playback.preview(null);
        const transceiver = this.#transceiver('video');
        if (transceiver) {
            await transceiver.sender.replaceTrack(null);
            transceiver.direction = 'recvonly';
            await this.#renegotiate();
        }
        this.#parts.changed();
    }

    async sendDigits(digits, { duration = 160, gap = 70 } = {}) {
        const dtmf = this.#transceiver('audio')?.sender.dtmf;
        if (!dtmf?.canInsertDTMF) throw new AnynodeError('notSupported', 'the media path of this call carries no DTMF');
        const sent = new Promise((resolve) => {
            const look = ({ tone }) => {
                if (tone) return;
                dtmf.removeEventListener('tonechange', look);
                resolve();
            };
            dtmf.addEventListener('tonechange', look);
            this.#round.signal.addEventListener('abort', () => look({ tone: '' }), { once: true });
        });
        dtmf.insertDTMF(dtmf.toneBuffer + digits.toUpperCase(), duration, gap);
        await sent;
    }

    /** What the last interval sounded like, or null without a connection. */
    async quality() {
        const peer = this.#peer;
        if (!peer || peer.connectionState === 'closed') return null;
        const report = await peer.getStats().catch(() => null);
        if (!report || peer !== this.#peer) return null;
        const { quality, last } = digest(report, this.#lastReport);
        this.#lastReport = last;
        return quality;
    }

    // MARK: rounds and steps

    #beginRound() {
        this.#round.abort();
        this.#round = new AbortController();
        this.#ownOffer = null;
        this.#waitingSince = 0;
        this.#deferred.forget();
        return this.#round.signal;
    }

    #step(round, work) {
        this.#steps = this.#steps.then(async () => {
            if (this.#isClosed || round?.aborted) return;
            try {
                await work();
            } catch (cause) {
                // A connection that was replaced or closed in the middle of a step fails that step: as intended.
                if (this.#isClosed || round?.aborted) return;
                this.#parts.failed(cause instanceof AnynodeError ? cause
                    : new AnynodeError('mediaFailed', `the media could not be negotiated: ${cause.message}`, { cause }));
            }
        });
        return this.#steps;
    }

    // MARK: the connection

    /** The same certificate on their side means the same connection there, and ours can go on. */
    #isOfThisPeer(description) {
        const present = this.#peer?.remoteDescription;
        if (!present || ['failed', 'closed'].includes(this.#peer.connectionState)) return false;
        return fingerprints(present.sdp) === fingerprints(description.sdp);
    }

    async #replacePeer(round) {
        this.#closePeer();
        const { settings } = this.#parts;
        const iceServers = await this.#parts.iceServers();
        try {
            await this.prepare();
        } catch (error) {
            // A call that exists already (a reload, a transfer) goes on without a microphone: at least it is heard.
            this.#parts.failed(error);
        }
        if (round.aborted || this.#isClosed) return;
        const peer = new RTCPeerConnection({ iceServers, iceTransportPolicy: settings.iceTransportPolicy });
        this.#peer = peer;
        peer.onconnectionstatechange = () => this.#parts.changed();
        peer.ontrack = ({ track }) => this.#playback.add(track);
        peer.onicecandidate = ({ candidate }) => {
            // Found after the description had to go, or trickled: it follows alone.
            if (candidate?.candidate && peer.wasDescribed) this.#parts.send(peer.wasDescribed, { ice: [candidate.toJSON()] });
        };
        this.#parts.changed();
    }

    /** A sending transceiver for each track of ours; what the other side brought is used first, and brings are matched with `addTrack`'s alone. */
    #fillTransceivers() {
        for (const kind of kinds) {
            if (!this.#tracks[kind]) continue;
            const transceiver = this.#transceiver(kind);
            if (transceiver) transceiver.direction = 'sendrecv';
            else this.#peer.addTrack(this.#tracks[kind]);
        }
    }

    #transceiver(kind) {
        const all = this.#peer?.getTransceivers().filter((one) => one.receiver.track.kind === kind && !one.stopped) ?? [];
        return all.find(({ mid }) => mid !== null) ?? all[0];
    }

    async #sendTracks() {
        for (const kind of kinds) {
            const sender = this.#transceiver(kind)?.sender;
            const track = this.#isPaused ? null : this.#tracks[kind];
            if (sender && sender.track !== track) await sender.replaceTrack(track);
        }
        if (this.#tracks.audio) this.#tracks.audio.enabled = !this.#isMuted;
    }

    /** The person chose another device, or one vanished. */
    #changeTrack = ({ detail: { previous, track } }) => {
        for (const kind of kinds) {
            if (this.#tracks[kind] !== previous) continue;
            this.#tracks[kind] = track;
            if (kind === 'video') this.#playback.preview(track);
            this.#step(null, () => this.#sendTracks());
        }
    };

    #send(action, peer) {
        const { type, sdp } = peer.localDescription;
        peer.wasDescribed = action;
        this.#parts.send(action, { sdp: { type, sdp } });
    }

    /** Resolves when all candidates are known, when the time is up, or when the round is over. */
    #gathered(peer, round) {
        const { trickle, gatheringTimeout } = this.#parts.settings;
        if (trickle || peer.iceGatheringState === 'complete' || round.aborted) return undefined;
        return new Promise((resolve) => {
            const look = () => peer.iceGatheringState === 'complete' && done();
            const done = () => {
                clearTimeout(timer);
                peer.removeEventListener('icegatheringstatechange', look);
                round.removeEventListener('abort', done);
                resolve();
            };
            const timer = setTimeout(done, gatheringTimeout);
            peer.addEventListener('icegatheringstatechange', look);
            round.addEventListener('abort', done);
        });
    }

    #closePeer() {
        if (!this.#peer) return;
        this.#peer.onconnectionstatechange = this.#peer.ontrack = this.#peer.onicecandidate = null;
        this.#peer.close();
        this.#peer = null;
        this.#lastReport = null;
        this.#playback.clear();
    }

    #release(kind) {
        const track = this.#tracks[kind];
        this.#tracks[kind] = null;
        if (track) this.#parts.devices.release(track);
    }
}

function fingerprints(sdp) {
    return [...sdp.matchAll(/^a=fingerprint:(.+)$/gm)].map((match) => match[1].trim().toUpperCase()).sort().filter((one, index, all) => one !== all[index - 1]).join(' ');
}
