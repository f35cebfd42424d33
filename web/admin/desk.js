// What every view works with: the server, the role, the news, and how a failure is told.

import { confirmed } from './dialog.js';
import { make } from './dom.js';
import { codes, LogInNeeded, Refusal } from './rpc.js';

export const viewerText = 'You are logged in as a viewer: you may look at everything, and change nothing.';

/** Fires `role`, `logInNeeded`, `reached` and `news` (detail: `{ text, isError }`). */
export class Desk extends EventTarget {
    #server;

    constructor(server, stream) {
        super();
        this.#server = server;
        this.stream = stream;
        this.role = null;
        this.isReached = true;
    }

    get mayChange() {
        return this.role !== 'viewer';
    }

    async call(method, params, options) {
        try {
            const result = await this.#server.call(method, params, options);
            this.#reach(true);
            return result;
        } catch (error) {
            if (error instanceof LogInNeeded) this.dispatchEvent(new Event('logInNeeded'));
            else this.#reach(error instanceof Refusal);
            if (error.code === codes.forbidden) this.learnRole('viewer');
            throw error;
        }
    }

    learnRole(role) {
        if (!role || this.role === role) return;
        this.role = role;
        this.dispatchEvent(new Event('role'));
    }

    #reach(isReached) {
        if (this.isReached === isReached) return;
        this.isReached = isReached;
        this.dispatchEvent(new Event('reached'));
    }

    say(text, { isError = false } = {}) {
        this.dispatchEvent(new CustomEvent('news', { detail: { text, isError } }));
    }

    /** Does it, and tells how it went. Undefined when it was refused. */
    async attempt(method, params, { done, options } = {}) {
        try {
            const result = await this.call(method, params, options);
            if (done) this.say(typeof done === 'function' ? done(result) : done);
            return result;
        } catch (error) {
            this.fail(error);
            return undefined;
        }
    }

    fail(error) {
        if (error instanceof LogInNeeded) return;
        if (error.code === codes.forbidden) this.say(viewerText, { isError: true });
        else this.say(error.message, { isError: true });
    }

    /** A button for something a viewer may not do: for him it is off, and says why. `ask` asks first. */
    button(text, { testid, className, ask, act }) {
        const button = make('button', {
            type: 'button', class: className, testid, disabled: !this.mayChange, title: this.mayChange ? undefined : viewerText,
            on: {
                click: async () => {
                    if (ask && !await confirmed(ask)) return;
                    button.disabled = true;
                    try {
                        await act();
                    } finally {
                        button.disabled = !this.mayChange;
                    }
                },
            },
        }, text);
        return button;
    }

    /** Beside buttons that are off: why. */
    viewerNote() {
        return this.mayChange ? null : make('p', { class: 'hint', testid: 'viewer-note' }, viewerText);
    }
}
