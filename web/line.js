// The line to the server: a registration, the connection that carries it, and coming back when that is lost.

import { asAddress } from './call.js';
import { BackOff, Connection, ConnectionFailure, retryAfter, serverAnswers } from './connection.js';
import { connectionFailureInWords, reasonInWords, registrationFailureInWords } from './words.js';

const description = 'anynode demo page 1.0';
const replyLimit = 10_000;
const goodbyeLimit = 2_000;

class RegistrationFailure extends Error {
    constructor(reason) {
        super(reason);
        this.reason = reason;
    }
}

export class Line {
    /** `loggedOut`, `connecting`, `registered`, `reconnecting` or `leaving`. */
    state = 'loggedOut';
    username;
    identifier;
    address = null;
    /** What a messaging service knows this client by; offered to the server with each registration. */
    notificationToken = null;
    iceServers = [];
    /** Whether the server has said that it can wake this client, also after a restart of its own. */
    isStored = false;
    #password;
    #connection = null;
    #wake = null; // ends a pause
    #saidGoodbye = null; // the server's reply to `register terminate` came

    /**
     * @param {object} kept `username` and `identifier` of this tab before the reload, if any
     * @param {object} parts `registered()`, `received(message)` for anything but registering, `dropped(reason)` when
     *   registration and calls are gone, `changed()`, `notice(kind, text)`, `log(direction, message or text)`
     */
    constructor({ username = null, identifier = null }, parts) {
        this.username = username;
        this.identifier = identifier;
        this.parts = parts;
        addEventListener('online', () => this.#wake?.());
        addEventListener('pageshow', () => this.#wake?.());
    }

    /** Returns null when registered, or in words why not. */
    async logIn(username, password) {
        this.username = username;
        this.#password = password;
        this.identifier = null;
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
        if (this.identifier) await this.#comeBack(0);
    }

    /** Answers a push: comes back with the token in it. Returns null when registered, or in words why not. */
    async wakeUp(wakeupToken) {
        this.identifier = null;
        this.#become('connecting');
        try {
            await this.#establish({ wakeupToken });
            return null;
        } catch {
            this.#become('loggedOut');
            return await serverAnswers()
                ? 'This call is over, or somebody else has answered it.' : connectionFailureInWords(false);
        }
    }

    async logOut() {
        const { identifier } = this;
        this.#become('leaving');
        this.#wake?.();
        const answered = new Promise((resolve) => {
            this.#saidGoodbye = resolve;
            setTimeout(resolve, goodbyeLimit);
        });
        if (this.send({ operation: 'register', action: 'terminate', identifier })) await answered;
        this.#drop('normal');
        this.#leave('logged out');
        this.#become('loggedOut');
    }

    /** False when there is no connection now; nothing is kept for later. */
    send(message) {
        const whole = { version: 1, ...message };
        const isSent = this.#connection?.send(whole) ?? false;
        if (isSent) this.parts.log('out', whole);
        return isSent;
    }

    #become(state) {
        this.state = state;
        this.parts.changed();
    }

    /** Opens a socket with one proof; resolves when registered. */
    #establish(proof) {
        this.#leave('superseded');
        return new Promise((resolve, reject) => {
            let connection = null;
            const timer = setTimeout(() => {
                connection?.abandon('no reply');
                reject(new ConnectionFailure(0, 'no reply'));
            }, replyLimit);
            let isRegistered = false;
            connection = new Connection(proof, {
                opened: () => {
                    this.parts.log('note', proof.username ? 'Connected' : 'Connected; restoring the registration');
                    if (proof.username) this.#register(proof.username);
                },
                received: (message) => {
                    this.parts.log('in', message);
                    const isReply = message.operation === 'register' && message.action === 'start';
                    if (isReply) clearTimeout(timer);
                    if (isReply && message.state === 'failed') {
                        connection.abandon('not registered');
                        reject(new RegistrationFailure(message.reason));
                        return;
                    }
                    isRegistered ||= isReply;
                    this.#receive(message);
                    if (isReply) resolve();
                },
                closed: ({ code, reason }) => {
                    clearTimeout(timer);
                    this.parts.log('note', `Connection closed: ${code}${reason ? ` (${reason})` : ''}`);
                    if (isRegistered) this.#lost(code, reason);
                    else reject(new ConnectionFailure(code, reason));
                },
            });
            this.#connection = connection;
        });
    }

    #register(username) {
        const assignment = { username };
        this.send({ operation: 'register', action: 'start', localSideDescription: description, assignment });
    }

    #receive(message) {
        const { operation, action, identifier, localAddress, iceServers, reason } = message;
        if (operation !== 'register') {
            this.parts.received(message);
        } else if (action === 'start') {
            this.identifier = identifier;
            this.iceServers = iceServers ?? [];
            this.address = asAddress(localAddress);
            this.state = 'registered';
            this.#offerToken();
            this.parts.registered();
        } else if (action === 'status') {
            this.isStored = message.state === 'registered';
        } else if (action === 'terminate') {
            this.#saidGoodbye?.();
            if (this.state !== 'registered') return;
            this.#drop(reason);
            this.parts.notice('error', `The server ended the registration. ${reasonInWords(reason)}`);
        }
        this.parts.changed();
    }

    /** Says how to wake this client when it sleeps (§9.3). */
    #offerToken() {
        if (!this.notificationToken) return;
        this.send({
            operation: 'register', action: 'status', identifier: this.identifier, confirm: true,
            notificationToken: this.notificationToken, notificationUrl: new URL('/', location.href).href,
        });
    }

    #leave(reason) {
        this.#connection?.abandon(reason);
        this.#connection = null;
    }

    #lost(code, reason) {
        this.#connection = null;
        if (this.state !== 'registered') return;
        if (code === 4002) {
            this.#giveUp('Logged out: this registration was taken over by another window or device.');
        } else if (code === 4003) {
            this.#giveUp('Logged out by the administrator.');
        } else {
            this.#comeBack(retryAfter(reason) ?? BackOff.soon());
        }
    }

    /** Restores the registration; when the server refuses that, logs in anew, once. Waits longer from try to try. */
    async #comeBack(delay) {
        this.#become('reconnecting');
        const backOff = new BackOff();
        let refusals = 0;
        for (;;) {
            await this.#pause(delay);
            if (this.state !== 'reconnecting') return;
            const wasRestore = this.identifier !== null;
            try {
                await this.#establish(wasRestore
                    ? { identifier: this.identifier }
                    : { username: this.username, password: this.#password });
                return;
            } catch (failure) {
                // The browser does not tell a refusal from a dead network; the web server's silence does.
                const isRefusal = failure instanceof RegistrationFailure || await serverAnswers();
                if (this.state !== 'reconnecting') return;
                delay = failure.retryAfter ?? backOff.next();
                if (!isRefusal) continue;
                if (!wasRestore) return void this.#giveUp('Your registration has ended. Please log in again.');
                // Twice, because a short loss of the network looks the same as a refusal.
                refusals += 1;
                if (refusals < 2) {
                    delay = BackOff.soon();
                    continue;
                }
                this.parts.log('note', 'The registration could not be restored; logging in anew');
                this.#drop('connectionLost');
                delay = 0;
            }
        }
    }

    #giveUp(text) {
        this.#leave('given up');
        this.#drop('connectionLost');
        this.#become('loggedOut');
        this.parts.notice('error', text);
    }

    #drop(reason) {
        this.identifier = null;
        this.parts.dropped(reason);
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
}
