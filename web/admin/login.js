// Asks for the token, once per window. It is kept as long as the window is.

import { fill, make } from './dom.js';
import { canBeToken, LogInNeeded, Server } from './rpc.js';

const key = 'anynode.admin.token';

export const rememberedToken = () => sessionStorage.getItem(key);
export const forgetToken = () => sessionStorage.removeItem(key);

export class LogIn {
    constructor({ problem, entered }) {
        this.input = make('input', {
            type: 'password', id: 'token', name: 'token', testid: 'token', autocomplete: 'current-password',
            autocapitalize: 'none', spellcheck: 'false', required: true, 'aria-describedby': 'token-hint login-problem',
        });
        this.problem = make('p', { class: 'problem', role: 'alert', id: 'login-problem', testid: 'login-problem' }, problem);
        this.submit = make('button', { type: 'submit', class: 'primary', testid: 'login-submit' }, 'Log in');
        this.element = make('section', { class: 'card login', testid: 'login', 'aria-labelledby': 'login-title' },
            make('h1', { id: 'login-title' }, 'Log in'),
            make('p', { class: 'hint', id: 'token-hint' },
                'With the token of this admin listener, as it stands in the server’s configuration under admin.listeners.'),
            make('form', { on: { submit: (event) => this.#enter(event, entered) } },
                make('label', { for: 'token' }, 'Token'), this.input, this.problem, this.submit));
    }

    async #enter(event, entered) {
        event.preventDefault();
        const token = this.input.value.trim();
        if (!canBeToken(token)) return this.#refuse('A token consists of ASCII characters without spaces.');
        this.submit.disabled = true;
        try {
            const server = new Server(token);
            const info = await server.call('system.info');
            sessionStorage.setItem(key, token);
            entered(token, info);
        } catch (error) {
            this.#refuse(error instanceof LogInNeeded
                ? 'The server does not accept this token. Check it for typing errors, and that it is this listener’s.'
                : error.message);
        } finally {
            this.submit.disabled = false;
        }
    }

    #refuse(text) {
        fill(this.problem, text);
        this.input.select();
        this.input.focus();
    }
}
