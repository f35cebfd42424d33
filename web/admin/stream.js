// The server's events over a WebSocket that comes back by itself; while it is away, a tick instead every few seconds.

const pollInterval = 4_000;
const memoryLimit = 500;

/**
 * Fires `event` (detail: the params of the notification), `tick` (look for yourself) and `state`.
 * `state` is `live`, or `polling` while there is no socket.
 */
export class EventStream extends EventTarget {
    #server;
    #socket = null;
    #timer = null;
    #poll = null;
    #delay = 500;
    #isOver = false;

    constructor(server) {
        super();
        this.#server = server;
        this.state = 'connecting';
        this.recent = [];
        this.lost = 0;
        this.#open();
        this.#poll = setInterval(() => {
            if (this.state !== 'live') this.dispatchEvent(new Event('tick'));
        }, pollInterval);
    }

    #open() {
        const address = new URL('rpc', document.baseURI);
        address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
        address.hash = '';
        const socket = new WebSocket(address, this.#server.subprotocols);
        this.#socket = socket;
        socket.onopen = () => socket.send(JSON.stringify(
            { jsonrpc: '2.0', id: 1, method: 'events.subscribe', params: { topics: ['*'] } },
        ));
        socket.onmessage = ({ data }) => this.#receive(socket, data);
        // `error` always comes with `close`: one loss, one reaction.
        socket.onclose = () => this.#closed();
    }

    #receive(socket, data) {
        let message;
        try {
            message = JSON.parse(data);
        } catch {
            socket.close(1000, 'not JSON');
            return;
        }
        if (message.id === 1) {
            if (message.error) return socket.close(1000, 'no subscription');
            this.#delay = 500;
            this.#become('live');
            // What happened while nobody listened is asked for.
            this.dispatchEvent(new Event('tick'));
        } else if (message.method === 'event') {
            this.#keep(message.params);
            this.dispatchEvent(new CustomEvent('event', { detail: message.params }));
        }
    }

    #keep(event) {
        if (event.event === 'system.lost') this.lost += event.data?.count ?? 0;
        this.recent.push(event);
        if (this.recent.length > memoryLimit) this.recent.splice(0, this.recent.length - memoryLimit);
    }

    #closed() {
        if (this.#isOver) return;
        this.#become('polling');
        this.#timer = setTimeout(() => this.#open(), this.#delay * (0.5 + Math.random() / 2));
        this.#delay = Math.min(this.#delay * 2, 30_000);
    }

    #become(state) {
        if (this.state === state) return;
        this.state = state;
        this.dispatchEvent(new Event('state'));
    }

    end() {
        this.#isOver = true;
        clearTimeout(this.#timer);
        clearInterval(this.#poll);
        this.#socket?.close(1000);
    }
}
