// One WebSocket to the server this page came from, and how to come back when it is lost.

/** A socket that was not opened, or closed before it was of use. The browser never says which HTTP status it was. */
export class ConnectionFailure extends Error {
    constructor(code, reason) {
        super(`connection closed with ${code} ${reason}`.trim());
        this.code = code;
        this.retryAfter = retryAfter(reason);
    }
}

/**
 * The address of the signaling socket: path `/` of the page's own host, so that the browser is willing to answer
 * the server's password challenge with the user name and password of the address.
 */
export function socketAddress(page, { username, password, identifier, wakeupToken }) {
    const address = new URL('/', page);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    if (identifier) {
        address.searchParams.set('identifier', identifier);
    } else if (wakeupToken) {
        address.searchParams.set('wakeupToken', wakeupToken);
    } else {
        address.username = encodeURIComponent(username);
        address.password = encodeURIComponent(password);
    }
    return address.href;
}

/** A socket's life as three callbacks: `opened` at most once, `received` for each message, `closed` exactly once. */
export class Connection {
    #socket;
    #callbacks;

    constructor(proof, callbacks) {
        this.#callbacks = callbacks;
        this.#socket = new WebSocket(socketAddress(location.href, proof));
        this.#socket.onopen = () => this.#callbacks.opened?.();
        this.#socket.onmessage = (event) => {
            let message;
            try {
                message = JSON.parse(event.data);
            } catch {
                this.#socket.close(1000, 'not JSON');
                return;
            }
            this.#callbacks.received?.(message);
        };
        // `error` always comes with `close`, so only `close` is listened to: one loss, one reaction.
        this.#socket.onclose = ({ code, reason }) => this.#callbacks.closed?.({ code, reason });
    }

    get isOpen() {
        return this.#socket.readyState === WebSocket.OPEN;
    }

    /** False when the socket is not open; nothing is kept for later. */
    send(message) {
        if (!this.isOpen) return false;
        this.#socket.send(JSON.stringify(message));
        return true;
    }

    /** Closes and says no more: a socket that is given up can't disturb its successor. */
    abandon(reason = '') {
        this.#callbacks = {};
        this.#socket.close(1000, reason);
    }
}

/** The waiting time a draining server names in its close reason, in milliseconds, or null. */
export function retryAfter(reason) {
    const match = /retry-after-ms=(\d{1,9})/.exec(reason ?? '');
    return match ? Math.min(Number(match[1]), 300_000) : null;
}

/** 1 s, 2 s, 4 s … 30 s, each shortened by up to half at random, so that many pages don't return at one moment. */
export class BackOff {
    #next = 1_000;

    static soon() {
        return Math.random() * 400;
    }

    next() {
        const delay = this.#next * (0.5 + Math.random() / 2);
        this.#next = Math.min(this.#next * 2, 30_000);
        return delay;
    }
}

/** Whether the web server answers at all: tells a refused log-in from a dead network, which a WebSocket can't. */
export async function serverAnswers() {
    try {
        await fetch(new URL('/demo.css', location.href), { cache: 'no-store', signal: AbortSignal.timeout(3_000) });
        return true;
    } catch {
        return false;
    }
}
