// The telephone: a line and the calls on it. Knows nothing of the page.

import { Call, asAddress } from './call.js';
import { Line } from './line.js';
import { forget, recall, remember } from './memory.js';
import { Microphone, MicrophoneFailure } from './microphone.js';
import { microphoneFailureInWords, partyInWords, reasonInWords } from './words.js';

const restoreListLimit = 2_000;
const endedLimit = 6;
const goodEndings = ['normal', 'cancelled', 'transferred', 'answeredElsewhere'];

/** Events: `change` (anything to see), `notice` (`{ kind, text }`), `message` (for the log). */
export class Phone extends EventTarget {
    calls = new Map();
    ended = [];
    #line;
    #microphone = new Microphone();
    #unconfirmed = new Set(); // calls a restore has not listed yet
    #remembered; // what the tab knows of the calls of the page before the reload

    constructor() {
        super();
        const kept = recall();
        this.#remembered = kept.calls ?? {};
        this.#line = new Line(kept, {
            registered: () => this.#confirmCalls(),
            received: (message) => this.#receive(message),
            dropped: (reason) => this.#dropCalls(reason),
            changed: () => this.#changed(),
            notice: (kind, text) => this.#notice(kind, text),
            log: (direction, content) => this.#tell('message', { direction, content }),
        });
        setInterval(() => this.#repairCalls(), 1_000);
    }

    /** `loggedOut`, `connecting`, `registered`, `reconnecting` or `leaving`. */
    get registration() { return this.#line.state; }
    get username() { return this.#line.username; }
    get address() { return this.#line.address; }

    // MARK: what a person can do

    logIn(username, password) { return this.#line.logIn(username, password); }
    resume(password) { return this.#line.resume(password); }

    /** Answers a push. */
    async wakeUp(wakeupToken) {
        const problem = await this.#line.wakeUp(wakeupToken);
        if (problem) this.#notice('error', problem);
    }

    /** By what a messaging service knows this page; before it logs in. */
    get notificationToken() { return this.#line.notificationToken; }
    set notificationToken(token) { this.#line.notificationToken = token; }
    get canBeWoken() { return this.#line.isStored; }

    logOut() { return this.#line.logOut(); }

    async dial(dialString) {
        const call = this.#newCall({
            identifier: `c-${unique()}`, direction: 'outgoing', state: 'dialing', remote: { dialString },
        });
        this.#holdOthers(call);
        try {
            await call.dial();
        } catch (error) {
            if (this.calls.has(call.identifier)) this.#end(call, null, 'The call was not made.');
            this.#failed(error);
        }
    }

    async answer(call) {
        this.#holdOthers(call);
        try {
            await call.answer();
        } catch (error) {
            this.#failed(error);
        }
    }

    /** One voice at a time: the other call goes on hold when this one comes back. */
    retrieve(call) {
        this.#holdOthers(call);
        call.request('retrieve');
    }

    hangUp(call) {
        if (call.isSignaled) call.hangUp();
        else this.#end(call, null, 'The call was not made.');
    }

    reject(call) {
        call.hangUp('rejected');
    }

    transfer(call, other) {
        call.request('transfer', { transferIdentifier: other.identifier });
    }

    transferTo(call, dialString) {
        call.request('transfer', { remoteAddress: { dialString } });
    }

    /** After the browser refused to play: to be called from a click. */
    unblockSound() {
        for (const call of this.calls.values()) call.element.play().catch(() => {});
    }

    // MARK: messages of the server

    #receive(message) {
        if (message.operation === 'signaling') this.#receiveSignaling(message);
        else if (message.operation === 'media') this.calls.get(message.identifier)?.receiveMedia(message);
    }

    #receiveSignaling(message) {
        const known = this.calls.get(message.identifier);
        const isRestored = this.#unconfirmed.delete(message.identifier) || !known;
        if (message.action === 'start') {
            const call = known ?? this.#newCall({
                identifier: message.identifier, direction: 'incoming', state: 'offered',
                remote: asAddress(message.remoteAddress),
            });
            call.request('accept');
            if (!known) this.#notice('call', `${partyInWords(call.remote)} is calling.`);
            return;
        }
        if (message.action !== 'status') return;
        if (!known && message.state === 'terminated') {
            if (message.reason !== 'unknownIdentifier') this.#notice('error', reasonInWords(message.reason));
            return;
        }
        const call = known ?? this.#restoredCall(message);
        if (message.state === 'terminated') {
            this.#end(call, message.reason, undefined, message);
            return;
        }
        call.update(message);
        if (isRestored && call.wantsHangUp) call.hangUp();
        else if (isRestored) call.resume();
        // A reason while the call goes on: a request was refused, and the status told the true state.
        if (!message.reason || message.reason === 'success' || call.isOffered) return;
        if (message.reason === 'invalidState') call.path.yield();
        this.#notice('error', `${partyInWords(call.remote)}: ${reasonInWords(message.reason)}`);
    }

    // MARK: calls

    #newCall(facts) {
        const call = new Call(facts, {
            send: (message) => this.#line.send(message),
            microphone: this.#microphone,
            iceServers: () => this.#line.iceServers,
            changed: () => this.#changed(),
            failed: (error) => this.#failed(error),
        });
        this.calls.set(call.identifier, call);
        this.#changed();
        return call;
    }

    /** A call that was there before the page was. What the server does not tell is remembered by the tab. */
    #restoredCall({ identifier, remoteAddress, state }) {
        const kept = this.#remembered[identifier] ?? {};
        const call = this.#newCall({
            identifier, state, direction: kept.direction ?? (identifier.startsWith('c-') ? 'outgoing' : 'incoming'),
            remote: asAddress(remoteAddress),
        });
        call.activeSince = kept.activeSince ?? null;
        call.setMuted(kept.isMuted ?? false);
        return call;
    }

    /** After a restore the server lists its calls at once; one it does not list has ended meanwhile. */
    #confirmCalls() {
        const unconfirmed = new Set(this.calls.keys());
        this.#unconfirmed = unconfirmed;
        setTimeout(() => {
            if (this.#unconfirmed !== unconfirmed) return;
            for (const identifier of unconfirmed) {
                const call = this.calls.get(identifier);
                if (call) this.#end(call, 'connectionLost', 'The call ended while the connection was lost.');
            }
            unconfirmed.clear();
        }, restoreListLimit);
    }

    #end(call, reason, text = reasonInWords(reason), message = {}) {
        call.update({ remoteAddress: message.remoteAddress, state: 'terminated', reason });
        this.calls.delete(call.identifier);
        const { identifier, direction, remote, activeSince } = call;
        this.ended.unshift({
            identifier, direction, remote, reason, text,
            at: Date.now(), duration: activeSince === null ? null : Date.now() - activeSince,
        });
        this.ended.splice(endedLimit);
        delete this.#remembered[identifier];
        if (reason) this.#notice(goodEndings.includes(reason) ? 'info' : 'error', `${partyInWords(remote)}: ${text}`);
        this.#changed();
    }

    #dropCalls(reason) {
        for (const call of [...this.calls.values()]) this.#end(call, reason);
        forget();
    }

    #holdOthers(call) {
        for (const other of this.calls.values()) {
            if (other !== call && other.state === 'active') other.request('hold');
        }
    }

    #repairCalls() {
        if (this.registration !== 'registered') return;
        for (const call of this.calls.values()) {
            if (call.isEstablished) call.path.repair();
        }
    }

    // MARK: telling

    #failed(error) {
        if (error instanceof MicrophoneFailure) {
            this.#notice('error', microphoneFailureInWords(error.name));
        } else if (error.name === 'NotAllowedError') {
            this.#notice('error', 'The browser does not play sound before you click: press any button of the page.');
        } else {
            this.#notice('error', `Audio: ${error.message}`);
        }
    }

    #changed() {
        const { identifier, username } = this.#line;
        if (identifier) {
            const calls = { ...this.#remembered };
            for (const { identifier, direction, activeSince, isMuted } of this.calls.values()) {
                calls[identifier] = { direction, activeSince, isMuted };
            }
            remember({ identifier, username, calls });
        }
        this.dispatchEvent(new Event('change'));
    }

    #notice(kind, text) {
        this.#tell('notice', { kind, text });
    }

    #tell(event, detail) {
        this.dispatchEvent(new CustomEvent(event, { detail }));
    }
}

/** randomUUID exists in secure contexts only; a page loaded by http from another machine has none. */
function unique() {
    if (crypto.randomUUID) return crypto.randomUUID();
    return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
