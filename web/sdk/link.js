// The line to the server: a registration, the connection that carries it, and coming back when that is lost.

import { BackOff, retryAfter } from './backoff.js';
import { AnynodeError } from './errors.js';
import { browserPlatform } from './platform.js';
import { claims, Proofs } from './proofs.js';
import { DISC_REASON, LOGIN_STATES } from './states.js';
import { registrationStorage } from './storage.js';

const replyLimit = 10_000;
const goodbyeLimit = 2_000;
const checkLimit = 5_000;
const sleepWorthChecking = 30_000;
const longestTimer = 2_000_000_000;
const turnReserve = 1_800_000;
/** A refusal for one of these is no refusal of this client. */
const passing = new Set([DISC_REASON.DIRECTORY_UNAVAILABLE, DISC_REASON.OVERLOAD, DISC_REASON.INTERNAL, DISC_REASON.SHUTDOWN]);
const refusals = new Set(['badCredentials', 'loginRefused', 'originRefused', 'registrationRefused']);

export class Link {
    state = LOGIN_STATES.LOGGED_OUT;
    username = null;
    localAddress = null;
    serverDescription = null;
    notificationConfiguration = undefined;
    iceServers = [];
    /** The server has said that it can wake this client, also after a restart of its own. */
    canBeWoken = false;
    /** What outlives a reload: the registration, and what the instance remembers of its calls. */
    kept;
    #options;
    #parts;
    #platform;
    #proofs;
    #storage;
    #credentials = null;
    #socket = null;
    #pending = null; // a socket on its way in: `{ fail }`
    #round = 0; // a log-in, a log-out, an end: what was begun before must not go on
    #wake = null; // ends a pause
    #answered = new Set(); // who waits for a reply to a repeated `register start`
    #saidGoodbye = null;
    #notification = null; // `{ token, url, settled }`
    #refreshTimer = 0;
    #hiddenSince = 0;

    /** @param {object} parts `status`, `registered`, `received`, `dropped`, `log`: see the instance */
    constructor(options, parts, platform = browserPlatform) {
        this.#options = options;
        this.#parts = parts;
        this.#platform = platform;
        this.#proofs = new Proofs(options.url, options.passwordMethod, platform);
        this.#storage = registrationStorage(options.storage, options.storageKey, platform);
        this.kept = this.#storage.get();
        this.#watchThePage();
    }

    // MARK: in and out

    async login(credentials) {
        this.#expectLoggedOut('login');
        expectCredentials(credentials);
        this.#credentials = credentials ?? null;
        const round = this.#begin(LOGIN_STATES.CONNECTING);
        try {
            const info = await this.#return(round, credentials) ?? await this.#enter(round);
            return info;
        } catch (error) {
            if (round === this.#round) this.#become(LOGIN_STATES.LOGGED_OUT, { error });
            throw error;
        }
    }

    async resume() {
        this.#expectLoggedOut('resume');
        this.#credentials = null;
        const round = this.#begin(LOGIN_STATES.CONNECTING);
        try {
            const info = await this.#return(round, {});
            if (!info) this.#become(LOGIN_STATES.LOGGED_OUT);
            return info;
        } catch (error) {
            if (round !== this.#round) return null;
            // Not refused, only not reached: the registration lives a while, so it is worth waiting for.
            if (this.kept.identifier) return this.#comeBack(error.retryAfter ?? new BackOff(this.#platform.random).soon(), error);
            this.#become(LOGIN_STATES.LOGGED_OUT, { error });
            throw error;
        }
    }

    async logout() {
        if (this.state === LOGIN_STATES.LOGGED_OUT) return;
        const { identifier } = this.kept;
        this.#begin(LOGIN_STATES.LOGGING_OUT);
        const answered = new Promise((resolve) => {
            this.#saidGoodbye = resolve;
            this.#platform.setTimeout(resolve, goodbyeLimit);
        });
        if (identifier && this.send({ operation: 'register', action: 'terminate', identifier })) await answered;
        this.#leave(DISC_REASON.NORMAL);
        this.#become(LOGIN_STATES.LOGGED_OUT, { reason: DISC_REASON.NORMAL });
    }

    /** False when there is no connection now; nothing is kept for later. */
    send(message) {
        return this.#transmit(this.#socket, message);
    }

    keep(members) {
        Object.assign(this.kept, members);
        if (this.kept.identifier) this.#storage.set(this.kept);
    }

    /** How to wake this client when it sleeps (technote §9.3). */
    setNotification(token, url) {
        this.#notification?.settled(new AnynodeError('invalidState', 'setNotification: replaced by a newer one'));
        return new Promise((resolve, reject) => {
            this.#notification = { token, url, settled: (error) => (error ? reject(error) : resolve()) };
            this.#offerNotification();
        });
    }

    /** Credentials of TURN servers run out: those with less than half an hour left are asked for anew. */
    async freshIceServers() {
        const isOld = this.iceServers.some(({ username }) => {
            const [, seconds] = /^(\d{9,11})(?::|$)/.exec(username ?? '') ?? [];
            return seconds && seconds * 1_000 - this.#platform.now() < turnReserve;
        });
        if (isOld && this.state === LOGIN_STATES.REGISTERED) await this.#check(goodbyeLimit);
        return this.iceServers;
    }

    // MARK: ways in

    /** By wakeup token, or by what is kept of the same user; null when there is neither, or it is over. */
    async #return(round, credentials) {
        const wakeupToken = credentials?.wakeupToken ?? this.#takeWakeupToken();
        if (wakeupToken) {
            try {
                return await this.#connect(round, this.#proofs.byQuery('wakeupToken', wakeupToken), { by: 'wakeupToken' });
            } catch (error) {
                if (credentials?.wakeupToken || !refusals.has(error.code)) throw error;
                this.#note('the call of this push is over');
            }
        }
        const { identifier, username } = this.kept;
        const isOurs = !credentials?.username || credentials.username === username;
        if (identifier && isOurs) {
            try {
                return await this.#restore(round);
            } catch (error) {
                if (!refusals.has(error.code)) throw error;
                this.#note('the registration could not be restored');
            }
        }
        this.#forget();
        return null;
    }

    #restore(round) {
        return this.#connect(round, this.#proofs.byQuery('identifier', this.kept.identifier), { by: 'identifier' });
    }

    async #enter(round) {
        const credentials = this.#credentials;
        const { username, dialString, tokenProvider } = credentials ?? {};
        if (!tokenProvider && !credentials?.password) {
            throw new AnynodeError('credentialsNeeded', 'expected a password or a tokenProvider to log in with, and there is nothing to come back to');
        }
        const { address, iceServers } = await (tokenProvider ? this.#byToken(0) : this.#proofs.byPassword(credentials));
        this.#expectRound(round);
        if (iceServers) this.iceServers = iceServers;
        this.username = username ?? null;
        const isGuest = credentials.register === false;
        const assignment = isGuest ? null : { ...(username && { username }), ...(dialString && { dialString }) };
        return this.#connect(round, address, { by: 'credentials', assignment, isGuest });
    }

    async #byToken(attempt) {
        let token;
        try {
            token = await this.#credentials.tokenProvider({ nonce: this.kept.token?.nonce ?? null, attempt });
        } catch (cause) {
            throw new AnynodeError('tokenUnavailable', `tokenProvider failed: ${cause?.message ?? cause}`, { cause });
        }
        if (typeof token !== 'string' || !token) {
            throw new AnynodeError('tokenUnavailable', `tokenProvider: expected a token, found ${token === '' ? 'an empty text' : typeof token}`);
        }
        const way = await this.#proofs.byToken(token);
        return { ...way, token: this.kept.token = claims(token) };
    }

    /** `?wakeupToken=` works once, and is nobody else's business. */
    #takeWakeupToken() {
        const { href } = this.#platform.location ?? {};
        if (!href?.includes('wakeupToken=')) return null;
        const address = new URL(href);
        const token = address.searchParams.get('wakeupToken');
        address.searchParams.delete('wakeupToken');
        this.#platform.replaceAddress(address.href);
        return token;
    }

    // MARK: one connection

    /** Opens a socket; resolves when the server has let us in. The socket that was in use until then goes. */
    #connect(round, address, { by, assignment, isGuest = false }) {
        this.#pending?.fail(new AnynodeError('registrationEnded', 'superseded by a newer attempt'));
        return new Promise((resolve, reject) => {
            const socket = this.#platform.open(address);
            const end = (settle, value) => {
                this.#platform.clearTimeout(timer);
                if (this.#pending === pending) this.#pending = null;
                settle(value);
            };
            const fail = (error) => {
                abandon(socket);
                end(reject, error);
            };
            const pending = this.#pending = { fail };
            const timer = this.#platform.setTimeout(() => {
                fail(new AnynodeError('timeout', `${this.#options.url.host} took the connection and did not answer`));
            }, replyLimit);
            const enter = () => {
                const previous = this.#socket;
                this.#socket = socket;
                abandon(previous);
                end(resolve, this.#info(by));
            };
            socket.onopen = () => {
                this.#note(by === 'credentials' ? 'connected' : `connected by ${by}`);
                if (isGuest) {
                    enter();
                    this.#entered(LOGIN_STATES.CONNECTED, by);
                } else if (assignment) {
                    this.#transmit(socket, this.#registerStart(assignment));
                }
            };
            socket.onmessage = ({ data }) => {
                const message = parsed(data);
                if (!message) return abandon(socket, () => socket.onclose({ code: 1007, reason: 'not JSON' }));
                this.#parts.log('in', message);
                const isReply = message.operation === 'register' && message.action === 'start';
                if (this.#socket === socket) return this.#receive(message);
                if (!isReply) return undefined;
                const { state, reason } = message;
                if (state === 'failed') {
                    return fail(new AnynodeError('registrationRefused', `the server refused the registration: ${reason}`, { reason }));
                }
                if (assignment) this.kept.assignment = assignment;
                this.#takeRegistration(message);
                enter();
                return this.#entered(LOGIN_STATES.REGISTERED, by);
            };
            // `error` always comes with `close`, so only `close` is listened to: one loss, one reaction.
            socket.onclose = async ({ code, reason }) => {
                this.#note(`connection closed: ${code}${reason ? ` (${reason})` : ''}`);
                if (this.#socket === socket) return this.#lost(code, reason);
                const error = await this.#closeError(code, reason);
                return end(reject, error);
            };
            if (round !== this.#round) fail(this.#ended());
        });
    }

    /** The browser does not tell a refusal from a dead network. */
    async #closeError(code, reason) {
        const { host } = this.#options.url;
        const delay = retryAfter(reason);
        if (delay !== undefined || code === 1001 || code === 1013) {
            return new AnynodeError('overloaded', `${host} asks to come later`, { retryAfter: delay });
        }
        if (await this.#proofs.serverAnswers()) {
            return new AnynodeError('loginRefused', `${host} refused the connection${reason ? `: ${reason}` : ' (the browser does not tell why)'}`);
        }
        return new AnynodeError('unreachable', `no answer from ${host}`);
    }

    #receive(message) {
        const { operation, action, state, reason } = message;
        if (operation !== 'register') {
            this.#parts.received(message);
        } else if (action === 'start') {
            if (state === 'registered') this.#takeRegistration(message);
            for (const answered of this.#answered) answered(true);
        } else if (action === 'status') {
            this.canBeWoken = state === 'registered';
            this.#notification?.settled(this.canBeWoken ? null
                : new AnynodeError('requestRefused', `the server did not store the notification token: ${reason}`, { reason }));
        } else if (action === 'terminate') {
            this.#terminated(reason);
        }
    }

    #takeRegistration({ identifier, localAddress, localSideDescription, iceServers, notificationConfiguration }) {
        this.kept.identifier = identifier;
        if (this.username) this.kept.username = this.username;
        this.username = this.kept.username ?? null;
        this.localAddress = typeof localAddress === 'string' ? { dialString: localAddress } : localAddress ?? null;
        this.serverDescription = localSideDescription ?? null;
        this.notificationConfiguration = notificationConfiguration;
        if (iceServers) this.iceServers = iceServers;
        this.keep({});
    }

    #entered(state, by) {
        this.#scheduleRefresh();
        this.#become(state);
        this.#parts.registered({ by, isRestored: by !== 'credentials' || this.#hasCalls });
        this.#offerNotification();
    }

    get #hasCalls() { return Object.keys(this.kept.calls ?? {}).length > 0; }

    /** The server ended the registration, or confirms that we did. */
    #terminated(reason) {
        if (this.#saidGoodbye) {
            this.#saidGoodbye();
            return;
        }
        const canReturn = reason === DISC_REASON.EXPIRED || reason === DISC_REASON.SHUTDOWN;
        if (canReturn && this.#canEnter) this.#leaveAndEnter(reason);
        else this.#giveUp(reason);
    }

    get #canEnter() {
        return Boolean(this.#credentials?.tokenProvider ?? this.#credentials?.password);
    }

    // MARK: losing it, and coming back

    #lost(code, reason) {
        this.#socket = null;
        if (this.state !== LOGIN_STATES.REGISTERED && this.state !== LOGIN_STATES.CONNECTED) return;
        if (code === 4002) this.#giveUp(DISC_REASON.REPLACED);
        else if (code === 4003) this.#giveUp(DISC_REASON.ADMINISTRATOR);
        else if (code === 4001 && this.#canEnter) this.#leaveAndEnter(DISC_REASON.EXPIRED);
        else if (code === 4001) this.#giveUp(DISC_REASON.EXPIRED);
        else if (code === 1000 && this.state === LOGIN_STATES.CONNECTED) this.#close(DISC_REASON.NORMAL);
        else this.#comeBack(retryAfter(reason) ?? new BackOff(this.#platform.random).soon());
    }

    #leaveAndEnter(reason) {
        this.#leave(reason);
        this.#comeBack(0);
    }

    /** Restores the registration; when the server refuses that, logs in anew, once. Waits longer from try to try. */
    async #comeBack(delay, error) {
        const round = this.#begin(LOGIN_STATES.RECONNECTING, { error, retryIn: delay });
        const backOff = new BackOff(this.#platform.random);
        let refused = 0;
        for (;;) {
            await this.#pause(delay);
            if (round !== this.#round) return null;
            const isRestore = Boolean(this.kept.identifier);
            try {
                return await (isRestore ? this.#restore(round) : this.#enter(round));
            } catch (failure) {
                if (round !== this.#round) return null;
                delay = failure.retryAfter ?? backOff.next();
                const isRefusal = refusals.has(failure.code) && !passing.has(failure.reason);
                if (isRefusal && !isRestore) return this.#giveUp(DISC_REASON.CONNECTION_LOST, failure);
                if (isRefusal) {
                    // Twice, because a short loss of the network looks the same as a refusal.
                    refused += 1;
                    delay = refused < 2 ? backOff.soon() : 0;
                    if (refused >= 2) this.#drop(DISC_REASON.CONNECTION_LOST);
                    if (refused >= 2 && !this.#canEnter) return this.#close(DISC_REASON.CONNECTION_LOST, failure);
                }
                this.#become(LOGIN_STATES.RECONNECTING, { error: failure, retryIn: delay });
            }
        }
    }

    #giveUp(reason, error = new AnynodeError('registrationEnded', `the registration ended: ${reason}`, { reason })) {
        return this.#close(reason, error);
    }

    #close(reason, error) {
        this.#round += 1;
        this.#leave(reason);
        this.#become(LOGIN_STATES.LOGGED_OUT, { reason, error });
        return null;
    }

    /** The connection, the registration and its calls are gone. */
    #leave(reason) {
        abandon(this.#socket);
        this.#socket = null;
        this.#platform.clearTimeout(this.#refreshTimer);
        this.#drop(reason);
    }

    #drop(reason) {
        // Who was replaced must not take the storage from the one that took over: a cookie is shared by all tabs.
        if (reason === DISC_REASON.REPLACED) this.kept = {};
        else this.#forget();
        this.canBeWoken = false;
        this.#parts.dropped(reason);
    }

    #forget() {
        const { token } = this.kept;
        this.kept = token ? { token } : {};
        this.#storage.remove();
    }

    #pause(delay) {
        return new Promise((resolve) => {
            const timer = this.#platform.setTimeout(resolve, delay);
            this.#wake = () => {
                this.#platform.clearTimeout(timer);
                resolve();
            };
        }).finally(() => { this.#wake = null; });
    }

    // MARK: the token's end

    /** A new connection with a new token of the same nonce takes over, while there is time (technote §4.2.2). */
    #scheduleRefresh() {
        this.#platform.clearTimeout(this.#refreshTimer);
        const { nonce, expiresAt } = this.kept.token ?? {};
        if (!nonce || !expiresAt || !this.#credentials?.tokenProvider) return;
        const left = expiresAt - this.#platform.now();
        this.#refreshIn(left - Math.max(left / 5, Math.min(10_000, left / 2)), 0);
    }

    #refreshIn(delay, attempt) {
        this.#refreshTimer = this.#platform.setTimeout(() => {
            if (delay > longestTimer) this.#refreshIn(delay - longestTimer, attempt);
            else this.#refresh(attempt);
        }, Math.min(Math.max(delay, 0), longestTimer));
    }

    async #refresh(attempt) {
        const round = this.#round;
        const { nonce, expiresAt } = this.kept.token;
        try {
            const { address, token } = await this.#byToken(attempt);
            if (round !== this.#round || !this.#socket) return;
            if (token.nonce !== nonce) throw new AnynodeError('tokenUnavailable', 'tokenProvider: expected a token with the same nonce as before');
            await this.#connect(round, address, { by: 'identifier', isGuest: this.state === LOGIN_STATES.CONNECTED });
        } catch (error) {
            this.kept.token = { nonce, expiresAt };
            if (round !== this.#round || this.#platform.now() >= expiresAt) return;
            this.#note(`the token was not refreshed: ${error.message}`);
            this.#refreshIn(Math.min(1_000 * 2 ** attempt, 30_000) * (0.5 + this.#platform.random() / 2), attempt + 1);
        }
    }

    // MARK: the page

    #watchThePage() {
        const { listen } = this.#platform;
        const isBack = () => {
            this.#wake?.();
            if (this.#socket && this.state === LOGIN_STATES.REGISTERED) this.#checkOrLose();
        };
        listen('online', isBack);
        listen('pageshow', ({ persisted }) => persisted && isBack());
        listen('resume', isBack);
        listen('visibilitychange', () => {
            const { isVisible } = this.#platform;
            const now = this.#platform.now();
            if (!isVisible) this.#hiddenSince = now;
            else if (this.#wake || now - this.#hiddenSince > sleepWorthChecking) isBack();
        });
        listen('pagehide', ({ persisted }) => {
            // An open socket keeps a page out of the back/forward cache, or is cut there: better to come back by itself.
            if (!persisted || !this.#socket) return;
            abandon(this.#socket);
            this.#lost(1001, '');
        });
    }

    /** A repeated `register start` changes nothing, and its reply is a sign of life. */
    async #checkOrLose() {
        const socket = this.#socket;
        if (await this.#check(checkLimit) || this.#socket !== socket) return;
        this.#note('the connection is dead');
        abandon(socket);
        this.#lost(4004, '');
    }

    #check(limit) {
        const assignment = this.kept.assignment ?? { dialString: this.localAddress?.dialString };
        if (!this.send(this.#registerStart(assignment))) return Promise.resolve(false);
        return new Promise((resolve) => {
            const settle = (isAlive) => {
                this.#answered.delete(settle);
                this.#platform.clearTimeout(timer);
                resolve(isAlive);
            };
            const timer = this.#platform.setTimeout(() => settle(false), limit);
            this.#answered.add(settle);
        });
    }

    // MARK: small things

    #registerStart(assignment) {
        return { operation: 'register', action: 'start', localSideDescription: this.#options.description, assignment };
    }

    #offerNotification() {
        if (!this.#notification || !this.kept.identifier) return;
        const { token, url } = this.#notification;
        this.send({
            operation: 'register', action: 'status', identifier: this.kept.identifier, confirm: true,
            notificationToken: token, ...(url && { notificationUrl: url }),
        });
    }

    #transmit(socket, message) {
        if (socket?.readyState !== 1) return false;
        const whole = { version: 1, ...message };
        socket.send(JSON.stringify(whole));
        this.#parts.log('out', whole);
        return true;
    }

    #info(by) {
        const { localAddress, serverDescription, notificationConfiguration } = this;
        return { localAddress, serverDescription, by, notificationConfiguration };
    }

    #begin(state, detail) {
        this.#round += 1;
        this.#saidGoodbye = null;
        this.#pending?.fail(this.#ended());
        this.#wake?.();
        this.#become(state, detail);
        return this.#round;
    }

    #become(state, detail = {}) {
        const previous = this.state;
        this.state = state;
        const told = Object.fromEntries(Object.entries(detail).filter(([, value]) => value !== undefined));
        this.#parts.status({ state, previous, ...told });
    }

    #ended() {
        return new AnynodeError('registrationEnded', 'logged out meanwhile', { reason: DISC_REASON.NORMAL });
    }

    #expectRound(round) {
        if (round !== this.#round) throw this.#ended();
    }

    #expectLoggedOut(action) {
        if (this.state !== LOGIN_STATES.LOGGED_OUT) {
            throw new AnynodeError('invalidState', `${action}: expected to be logged out, the state is ${this.state}; logout() first`);
        }
    }

    #note(text) {
        this.#parts.log('note', text);
    }
}

function expectCredentials(credentials) {
    if (credentials === undefined || credentials === null) return;
    const { username, password, tokenProvider, wakeupToken } = credentials;
    const isPassword = typeof username === 'string' && typeof password === 'string';
    if (isPassword || typeof tokenProvider === 'function' || typeof wakeupToken === 'string') return;
    throw new AnynodeError('invalidArgument',
        'credentials: expected { username, password }, { tokenProvider } or { wakeupToken }, '
        + `found ${Object.keys(credentials).join(', ') || typeof credentials}`);
}

/** Says no more: a socket that is given up can't disturb its successor. */
function abandon(socket, then) {
    if (!socket) return;
    socket.onopen = socket.onmessage = null;
    if (!then) socket.onclose = null;
    socket.close(1000);
    then?.();
}

function parsed(data) {
    try {
        const message = JSON.parse(data);
        return typeof message === 'object' ? message : null;
    } catch {
        return null;
    }
}
