// Ways in: what a client proves who it is with becomes the address of a socket (docs/protocol.md, section 2).

import { AnynodeError } from './errors.js';

const answerLimit = 10_000;

export class Proofs {
    #url;
    #method;
    #platform;

    /** @param {URL} url of the socket; @param {'auto'|'ticket'|'url'} method for passwords */
    constructor(url, method, platform) {
        this.#url = url;
        this.#method = method;
        this.#platform = platform;
    }

    byQuery(name, value) {
        const address = new URL(this.#url);
        address.searchParams.set(name, value);
        return address.href;
    }

    /** A ticket where there is one: it works in every browser, and a refusal says why. Else name and password stand in the address. */
    async byPassword({ username, password }) {
        if (this.#method !== 'url') {
            const answer = await this.#ticket(`Basic ${base64(`${username}:${password}`)}`, this.#method === 'ticket');
            if (answer) return answer;
        }
        const address = new URL(this.#url);
        address.username = encodeURIComponent(username);
        address.password = encodeURIComponent(password);
        return { address: address.href };
    }

    /** The token itself stays out of the address, and of every proxy's log, where there are tickets. */
    async byToken(token) {
        return await this.#ticket(`Bearer ${token}`, false) ?? { address: this.byQuery('access_token', token) };
    }

    /** Whether the server answers at all: tells a refusal from a dead network, which a WebSocket can't. */
    async serverAnswers() {
        try {
            await this.#fetch('/healthz', { mode: 'no-cors' });
            return true;
        } catch {
            return false;
        }
    }

    /** Null where tickets are not to be had this way, so that the other way is tried. */
    async #ticket(authorization, isOnlyWay) {
        const path = this.#url.pathname.replace(/\/?$/, '/ticket');
        let response;
        try {
            response = await this.#fetch(path, { method: 'POST', headers: { Authorization: authorization } });
        } catch (cause) {
            // A server that does not let this page's origin read looks like one that is not there.
            if (!isOnlyWay && await this.serverAnswers()) return null;
            throw new AnynodeError('unreachable', `no answer from ${this.#url.host}`, { cause });
        }
        if (response.ok) {
            const { ticket, iceServers } = await response.json().catch(() => ({}));
            return typeof ticket === 'string' ? { address: this.byQuery('ticket', ticket), iceServers } : null;
        }
        const challenge = response.headers.get('www-authenticate') ?? '';
        const isOther = response.status === 404 || response.status === 405
            || (response.status === 401 && /digest/i.test(challenge) && !/basic/i.test(challenge));
        if (isOther && !isOnlyWay) return null;
        throw await refusal(response, this.#url.host);
    }

    #fetch(path, options) {
        const address = new URL(path, this.#url);
        address.protocol = address.protocol === 'wss:' ? 'https:' : 'http:';
        return this.#platform.fetch(address.href, {
            // Without them: else a refusal would make the browser ask for a password of its own.
            credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(answerLimit), ...options,
        });
    }
}

async function refusal(response, host) {
    const said = (await response.text().catch(() => '')).trim().slice(0, 200);
    const message = `${host} answered ${response.status}${said && `: ${said}`}`;
    switch (response.status) {
        case 401: return new AnynodeError('badCredentials', message);
        case 403: return new AnynodeError('originRefused', message);
        case 429:
        case 503: {
            const seconds = Number(response.headers.get('retry-after'));
            return new AnynodeError('overloaded', message, { retryAfter: seconds > 0 ? seconds * 1_000 : undefined });
        }
        default: return new AnynodeError(response.status < 500 ? 'loginRefused' : 'unreachable', message);
    }
}

/** What of a JSON Web Token matters to us; `{}` for what is none. It is the server that judges it. */
export function claims(token) {
    try {
        const [header, body] = token.split('.').slice(0, 2).map((part) => (
            JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0))))
        ));
        const expiresAt = Number.isFinite(body.exp) ? body.exp * 1_000 : undefined;
        return { nonce: typeof header.nonce === 'string' ? header.nonce : undefined, expiresAt };
    } catch {
        return {};
    }
}

function base64(text) {
    return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
