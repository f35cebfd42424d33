// The page: shows the telephone's state and turns clicks into requests. Elements are found by `data-testid`.

import { CallCard, IncomingCard } from './cards.js';
import { durationInWords, partyInWords } from './words.js';

export const demoUsers = [
    { username: 'alice', dialString: '4953638195123' },
    { username: 'bob', dialString: '4953638195999' },
    { username: 'carol', dialString: '4953638195777' },
];

const registrationWords = {
    loggedOut: 'Not logged in',
    connecting: 'Logging in …',
    registered: 'Registered',
    reconnecting: 'Reconnecting …',
    leaving: 'Logging out …',
};

export class View {
    #phone;
    #page;
    #cards = new Map();
    #suggestionsFor;
    #shownEnded = '';

    constructor(phone, page) {
        this.#phone = phone;
        this.#page = page;
        this.#wireLogin();
        this.#on('logout', 'click', () => phone.logOut());
        this.#on('reconnecting-cancel', 'click', () => phone.logOut());
        this.#on('notice-close', 'click', () => this.#close('notice'));
        this.#on('error-close', 'click', () => this.#close('error'));
        this.#on('dial-form', 'submit', (event) => {
            event.preventDefault();
            const input = this.#find('dial-input');
            this.#dial(input.value);
            input.value = '';
        });
        setInterval(() => this.#tick(), 500);
    }

    get password() {
        return this.#find('login-password').value;
    }

    /**
     * A call that comes in is spoken only, for the eye has its card. An error stays until it is closed or the next
     * thing is begun; other news makes way for newer news.
     */
    show({ kind, text }) {
        if (kind === 'call') {
            this.#find('announcement').textContent = text;
            return;
        }
        const place = kind === 'error' ? 'error' : 'notice';
        this.#find(`${place}-text`).textContent = text;
        this.#find(place).hidden = false;
        if (place === 'notice') this.#close('error');
    }

    update() {
        const { registration, username, address } = this.#phone;
        const isIn = registration === 'registered' || registration === 'reconnecting' || registration === 'leaving';
        const pill = this.#find('registration-state');
        if (pill.textContent !== registrationWords[registration]) pill.textContent = registrationWords[registration];
        pill.dataset.state = registration;
        this.#find('own').hidden = !isIn || !address;
        this.#find('own-name').textContent = address?.displayName ?? username ?? '';
        this.#find('own-number').textContent = address?.dialString ?? '';
        this.#find('logout').hidden = registration !== 'registered';
        this.#find('login').hidden = isIn;
        this.#find('login-submit').disabled = registration === 'connecting';
        this.#find('reconnecting').hidden = registration !== 'reconnecting';
        this.#find('dial').hidden = registration !== 'registered';
        this.#updateSuggestions();
        this.#updateCalls();
        this.#updateRecent();
    }

    #wireLogin() {
        const user = this.#find('login-user');
        const choose = () => {
            const isOther = user.value === '';
            this.#find('login-other').hidden = !isOther;
            this.#find('login-username').required = isOther;
        };
        user.addEventListener('change', choose);
        const last = this.#phone.username;
        if (last) {
            user.value = demoUsers.some(({ username }) => username === last) ? last : '';
            this.#find('login-username').value = user.value ? '' : last;
        }
        choose();
        this.#on('login-form', 'submit', async (event) => {
            event.preventDefault();
            this.#close('error');
            this.#close('notice');
            const username = user.value || this.#find('login-username').value.trim();
            const failure = await this.#phone.logIn(username, this.password);
            if (failure) {
                this.show({ kind: 'error', text: failure });
                this.#find('login-password').focus();
            } else {
                this.#find('dial-input').focus();
            }
        });
    }

    #dial(number) {
        // The server knows RFC 3966's separators; a space is none of them.
        const dialString = number.replace(/\s+/g, '');
        if (!dialString) return;
        this.#close('error');
        this.#phone.dial(dialString);
    }

    #updateSuggestions() {
        const own = this.#phone.address?.dialString;
        if (own === this.#suggestionsFor) return;
        this.#suggestionsFor = own;
        const dial = (dialString) => this.#dial(dialString);
        this.#find('dial-suggestions').replaceChildren(...this.#suggestions('dial', dial));
    }

    #suggestions(purpose, choose) {
        const own = this.#phone.address?.dialString;
        return demoUsers.filter(({ dialString }) => dialString !== own).map(({ username, dialString }) => {
            const chip = this.#page.createElement('button');
            chip.type = 'button';
            chip.className = 'chip';
            chip.value = dialString;
            chip.dataset.testid = `${purpose}-suggestion-${username}`;
            const name = this.#page.createElement('strong');
            name.textContent = username;
            chip.append(name, ` ${dialString}`);
            chip.onclick = () => choose(dialString);
            return chip;
        });
    }

    #updateCalls() {
        const calls = this.#phone.calls;
        for (const call of calls.values()) {
            const Kind = call.isOffered ? IncomingCard : CallCard;
            const present = this.#cards.get(call.identifier);
            if (present instanceof Kind) continue;
            present?.remove();
            const card = new Kind(call, this.#phone, (purpose, choose) => this.#suggestions(purpose, choose));
            this.#cards.set(call.identifier, card);
            this.#find(call.isOffered ? 'incoming-list' : 'call-list').append(card.element);
            card.shown(this.#page.activeElement === this.#page.body);
        }
        for (const [identifier, card] of this.#cards) {
            if (calls.has(identifier)) {
                card.update();
                continue;
            }
            const hadFocus = card.element.contains(this.#page.activeElement);
            card.remove();
            this.#cards.delete(identifier);
            if (hadFocus) this.#find('dial-input').focus();
        }
        const caller = [...calls.values()].find((call) => call.isOffered);
        const title = 'anynode demo phone';
        this.#page.title = caller ? `${partyInWords(caller.remote)} is calling – ${title}` : title;
    }

    #updateRecent() {
        const { ended } = this.#phone;
        const shown = ended.map(({ identifier, at }) => `${identifier} ${at}`).join();
        if (shown === this.#shownEnded) return;
        this.#shownEnded = shown;
        this.#find('recent').hidden = ended.length === 0;
        this.#find('recent-list').replaceChildren(...ended.map((call) => {
            const line = this.#page.createElement('li');
            line.dataset.testid = 'recent-call';
            line.dataset.reason = call.reason ?? '';
            const arrow = this.#page.createElement('span');
            arrow.className = 'way';
            arrow.textContent = call.direction === 'incoming' ? '↙' : '↗';
            arrow.setAttribute('aria-label', `${call.direction} call`);
            const who = this.#page.createElement('strong');
            who.textContent = partyInWords(call.remote);
            const what = this.#page.createElement('span');
            what.className = 'hint';
            what.textContent = call.text;
            const when = this.#page.createElement('span');
            when.className = 'number';
            const format = { hour: '2-digit', minute: '2-digit', hour12: false };
            const time = new Date(call.at).toLocaleTimeString([], format);
            when.textContent = call.duration === null ? time : `${time} · ${durationInWords(call.duration)}`;
            line.append(arrow, who, when, what);
            return line;
        }));
    }

    #tick() {
        for (const card of this.#cards.values()) card.tick();
    }

    #close(place) {
        this.#find(place).hidden = true;
        this.#find(`${place}-text`).textContent = '';
    }

    #find(name) {
        return this.#page.querySelector(`[data-testid=${name}]`);
    }

    #on(name, event, act) {
        this.#find(name).addEventListener(event, act);
    }
}
