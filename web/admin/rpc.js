// JSON-RPC over HTTP to the server this page came from.

/** The server has understood the request and says no. `data` is for programs: problems with pointers, a revision. */
export class Refusal extends Error {
    constructor({ code, message, data }) {
        super(message);
        this.code = code;
        this.data = data;
    }

    get problems() {
        return Array.isArray(this.data) ? this.data.filter((problem) => typeof problem?.pointer === 'string') : [];
    }
}

/** Nothing came back, or nothing that could be understood. */
export class Unreachable extends Error {}

/** The token is not, or no longer, accepted. */
export class LogInNeeded extends Error {}

export const codes = { notFound: 1001, invalidConfiguration: 1002, conflict: 1005, forbidden: 1006, params: -32602 };

export class Server {
    #token;
    #next = 1;

    constructor(token) {
        this.#token = token;
    }

    get subprotocols() {
        return ['jsonrpc', `bearer.${base64url(this.#token)}`];
    }

    async call(method, params = {}, { seconds = 15 } = {}) {
        const id = this.#next++;
        let answer;
        try {
            const response = await fetch('rpc', {
                method: 'POST',
                headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${this.#token}` },
                body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
                cache: 'no-store',
                credentials: 'omit',
                signal: AbortSignal.timeout(seconds * 1_000),
            });
            if (response.status === 401) throw new LogInNeeded('The server does not accept this token.');
            if (response.status !== 200) {
                throw new Unreachable(`The server answered with HTTP ${response.status}: ${(await response.text()).slice(0, 200)}`);
            }
            answer = await response.json();
        } catch (error) {
            if (error instanceof LogInNeeded || error instanceof Unreachable) throw error;
            throw new Unreachable(error.name === 'TimeoutError'
                ? `The server did not answer ${method} within ${seconds} seconds.` : 'The server can’t be reached.');
        }
        if (answer.error) throw new Refusal(answer.error);
        return answer.result;
    }
}

/** A token is ASCII; anything else is sent as UTF-8, for the server to refuse. */
export function base64url(text) {
    const bytes = new TextEncoder().encode(text);
    return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** A header can carry these; with others, `fetch` would fail as if there were no network. */
export const canBeToken = (text) => /^[\x21-\x7e]+$/.test(text);
