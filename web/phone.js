// The telephone: a registration, its calls, and the connection that carries them. Knows nothing of the page.

import { Microphone, MicrophoneFailure } from './audio.js';
import { Call, asAddress } from './call.js';
import { BackOff, Connection, ConnectionFailure, retryAfter, serverAnswers } from './connection.js';
import { forget, recall, remember } from './memory.js';
import { connectionFailureInWords, microphoneFailureInWords, partyInWords, reasonInWords, registrationFailureInWords } from './words.js';

const description = 'anynode demo page 1.0';
const replyLimit = 10_000;
const restoreListLimit = 2_000;
const endedLimit = 6;

class RegistrationFailure extends Error {
    constructor(reason) {
        super(reason);
        this.reason = reason;
    }
}

/**
 * Events: `change` (anything to see), `notice` (`{ kind, text }`), `message` (`{ direction, message | text }`, for the log).
 * `registration` is `loggedOut`, `connecting`, `registered`, `reconnecting` or `leaving`.
 */
export class Phone extends EventTarget {
    registration = 'loggedOut';
    username = null;
    address = null;
    calls = new Map();
    ended = [];
    #password;
    #identifier = null;
    #iceServers = [];
    #connection = null;
    #microphone = new Microphone();
    #unconfirmed = new Set();
    #remembered; // what the tab knows of the calls of the page before the reload
    #wake = null;
    #reply = null;

    constructor() {
        super();
        const kept = recall();
        this.username = kept.username ?? null;
        this.#identifier = kept.identifier ?? null;
        this.#remembered = kept.calls ?? {};
        addEventListener('online', () => this.#wake?.());
        addEventListener('pageshow', () => this.#wake?.());
        setInterval(() => this.#repairCalls(), 1_000);
    }

    // MARK: what a person can do

    /** Returns null when registered, or in words why not. */
    async logIn(username, password) {
        this.username = username;
        this.#password = password;
        this.#identifier = null;
        this.#become('connecting');
        try {
            await this.#establish({ username, password });
            return null;
        } catch (failure) {
            this.#become('loggedOut');
            if (failure instanceof RegistrationFailure) return registrationFailureInWords(failure.reason, username);
            return connectionFailureInWords(await serverAnswers());
        }
    }

    /** Takes the registration of this tab up again after a reload; the password is for the case that it is gone. */
    async resume(password) {
        this.#password = password;
        if (this.#identifier) await this.#comeBack(0);
    }

    async logOut() {
        const identifier = this.#identifier;
        this.#become('leaving');
        this.#wake?.();
        const answered = new Promise((resolve) => {
            this.#reply = resolve;
            setTimeout(resolve, 2_000);
        });
        if (this.#send({ operation: 'register', action: 'terminate', identifier })) await answered;
        this.#dropRegistration('normal');
        this.#leave('logged out');
        this.#become('loggedOut');
    }

    async dial(dialString) {
        const call = this.#newCall({
            identifier: `c-${unique()}`, direction: 'outgoing', state: 'dialing', remote: { dialString },
        });
        this.#holdOthers(call);
        try {
            await call.dial();
        } catch (error) {
            this.#end(call, null, 'The call was not made.');
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

    reject(call) {
        call.hangUp('rejected');
    }

    transfer(call, other) {
        call.request('transfer', { transferIdentifier: other.identifier });
    }

    transferTo(call, dialString) {
        call.request('transfer', { remoteAddress: { dialString } });
    }

    // MARK: connection

    #become(registration) {
        this.registration = registration;
        this.#changed();
    }

    /** Opens a socket with one proof; resolves when registered. */
    #establish(proof) {
        this.#leave('superseded');
        return new Promise((resolve, reject) => {
            const timer = setTimeout(() => {
                connection.abandon('no reply');
                reject(new ConnectionFailure(0, 'no reply'));
            }, replyLimit);
            let isRegistered = false;
            const connection = new Connection(proof, {
                opened: () => {
                    this.#log('note', proof.identifier ? 'Connected; restoring the registration' : 'Connected');
                    if (proof.identifier) return;
                    this.#send({
                        operation: 'register', action: 'start', localSideDescription: description,
                        assignment: { username: proof.username },
                    });
                },
                received: (message) => {
                    this.#log('in', message);
                    const isReply = message.operation === 'register' && message.action === 'start';
                    if (isReply && message.state === 'failed') {
                        clearTimeout(timer);
                        connection.abandon('not registered');
                        reject(new RegistrationFailure(message.reason));
                        return;
                    }
                    this.#receive(message);
                    if (isReply) {
                        clearTimeout(timer);
                        isRegistered = true;
                        resolve();
                    }
                },
                closed: ({ code, reason }) => {
                    clearTimeout(timer);
                    this.#log('note', `Connection closed: ${code}${reason ? ` (${reason})` : ''}`);
                    if (isRegistered) this.#lost(code, reason);
                    else reject(new ConnectionFailure(code, reason));
                },
            });
            this.#connection = connection;
        });
    }

    #leave(reason) {
        this.#connection?.abandon(reason);
        this.#connection = null;
    }

    #lost(code, reason) {
        this.#connection = null;
        if (this.registration !== 'registered') return;
        if (code === 4002 || code === 4003) {
            this.#giveUp(code === 4002
                ? 'Logged out: this registration was taken over by another window or device.'
                : 'Logged out by the administrator.');
            return;
        }
        this.#comeBack(retryAfter(reason) ?? BackOff.soon());
    }

    /** Restores the registration; when the server refuses that, logs in anew, once. Waits longer from try to try. */
    async #comeBack(delay) {
        this.#become('reconnecting');
        const backOff = new BackOff();
        let refusals = 0;
        for (;;) {
            await this.#pause(delay);
            if (this.registration !== 'reconnecting') return;
            const wasRestore = this.#identifier !== null;
            try {
                await this.#establish(wasRestore
                    ? { identifier: this.#identifier }
                    : { username: this.username, password: this.#password });
                return;
            } catch (failure) {
                if (this.registration !== 'reconnecting') return;
                // `isRegistered` was not reached, so the server either refused or was not there: the page asks which.
                const isRefusal = failure instanceof RegistrationFailure || await serverAnswers();
                if (this.registration !== 'reconnecting') return;
                delay = failure.retryAfter ?? backOff.next();
                if (!isRefusal) continue;
                refusals += 1;
                if (!wasRestore) {
                    this.#giveUp('Your registration has ended. Please log in again.');
                    return;
                }
                // Twice, because a short loss of the network looks the same as a refusal.
                if (refusals < 2) {
                    delay = BackOff.soon();
                    continue;
                }
                this.#log('note', 'The registration could not be restored; logging in anew');
                this.#dropRegistration('connectionLost');
                delay = 0;
            }
        }
    }

    #giveUp(text) {
        this.#leave('given up');
        this.#dropRegistration('connectionLost');
        this.#become('loggedOut');
        this.#notice('error', text);
    }

    #dropRegistration(reason) {
        this.#identifier = null;
        for (const call of [...this.calls.values()]) this.#end(call, reason);
        forget();
    }

    #pause(delay) {
        return new Promise((resolve) => {
            const timer = setTimeout(resolve, delay);
            this.#wake = () => {
                clearTimeout(timer);
                resolve();
            };
        }).finally(() => { this.#wake = null; });
    }

    #send(message) {
        const whole = { version: 1, ...message };
        const isSent = this.#connection?.send(whole) ?? false;
        if (isSent) this.#log('out', whole);
        return isSent;
    }

    // MARK: messages of the server

    #receive(message) {
        switch (message.operation) {
            case 'register': this.#receiveRegister(message); break;
            case 'signaling': this.#receiveSignaling(message); break;
            case 'media': this.calls.get(message.identifier)?.receiveMedia(message); break;
        }
        this.#changed();
    }

    #receiveRegister({ action, identifier, localAddress, iceServers, reason }) {
        if (action === 'start') {
            this.#identifier = identifier;
            this.#iceServers = iceServers ?? [];
            this.address = asAddress(localAddress);
            this.#confirmCalls();
            this.registration = 'registered';
        } else if (action === 'terminate') {
            this.#reply?.();
            if (this.registration !== 'registered') return;
            this.#dropRegistration(reason);
            this.#notice('error', `The server ended the registration. ${reasonInWords(reason)}`);
        }
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
            send: (message) => this.#send(message),
            microphone: this.#microphone,
            iceServers: () => this.#iceServers,
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
        const isFailure = !['normal', 'cancelled', 'transferred', 'answeredElsewhere', undefined, null].includes(reason);
        if (text) this.#notice(isFailure ? 'error' : 'info', `${partyInWords(remote)}: ${text}`);
        this.#changed();
    }

    /** After the browser refused to play: to be called from a click. */
    unblockSound() {
        for (const call of this.calls.values()) call.element.play().catch(() => {});
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
        if (this.#identifier && this.registration !== 'loggedOut') {
            const calls = {};
            for (const { identifier, direction, activeSince, isMuted } of this.calls.values()) {
                calls[identifier] = { direction, activeSince, isMuted };
            }
            remember({
                identifier: this.#identifier, username: this.username, calls: { ...this.#remembered, ...calls },
            });
        }
        this.dispatchEvent(new Event('change'));
    }

    #notice(kind, text) {
        this.dispatchEvent(new CustomEvent('notice', { detail: { kind, text } }));
    }

    #log(direction, content) {
        const detail = typeof content === 'string' ? { direction, text: content } : { direction, message: content };
        this.dispatchEvent(new CustomEvent('message', { detail }));
    }
}

/** randomUUID exists in secure contexts only; a page loaded by http from another machine has none. */
function unique() {
    if (crypto.randomUUID) return crypto.randomUUID();
    return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
