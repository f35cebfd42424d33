// One card for each call: made once from its template and brought up to date in place, so that the focus stays.

import { durationInWords, partyInWords, stateInWords } from './words.js';

class Card {
    constructor(template, call, phone) {
        this.call = call;
        this.phone = phone;
        this.element = document.getElementById(template).content.firstElementChild.cloneNode(true);
        this.element.dataset.call = call.identifier;
    }

    find(name) {
        return this.element.querySelector(`[data-testid=${name}]`);
    }

    on(name, act) {
        this.find(name).addEventListener('click', act);
    }

    say(name, text) {
        const place = this.find(name);
        if (place.textContent !== text) place.textContent = text;
    }

    remove() {
        this.element.remove();
    }

    shown() {}

    tick() {}
}

export class IncomingCard extends Card {
    constructor(call, phone) {
        super('incoming-template', call, phone);
        this.on('incoming-answer', () => phone.answer(call));
        this.on('incoming-reject', () => phone.reject(call));
        this.update();
    }

    /** Takes the focus only from nobody: who types a number is not interrupted. */
    shown(isFocusFree) {
        if (isFocusFree) this.find('incoming-answer').focus();
    }

    update() {
        const { remote, isAnswering } = this.call;
        this.say('incoming-remote', partyInWords(remote));
        this.say('incoming-number', remote.displayName ? remote.dialString : '');
        const isOnline = this.phone.registration === 'registered';
        this.find('incoming-answer').disabled = isAnswering || !isOnline;
        this.find('incoming-reject').disabled = isAnswering || !isOnline;
    }
}

export class CallCard extends Card {
    #isTransferOpen = false;
    #last = null; // packets at the tick before

    constructor(call, phone, suggestions) {
        super('call-template', call, phone);
        this.on('call-hold', () => call.request('hold'));
        this.on('call-retrieve', () => phone.retrieve(call));
        this.on('call-mute', () => call.setMuted(!call.isMuted));
        this.on('call-hangup', () => phone.hangUp(call));
        this.on('call-transfer', () => this.#openTransfer(!this.#isTransferOpen));
        this.find('transfer-form').addEventListener('submit', (event) => {
            event.preventDefault();
            this.#transferTo(this.find('transfer-input').value);
        });
        const transferTo = (dialString) => this.#transferTo(dialString);
        this.find('transfer-suggestions').append(...suggestions('transfer', transferTo));
        this.update();
    }

    update() {
        const { state, remote, isMuted, isEstablished } = this.call;
        const isOnline = this.phone.registration === 'registered';
        this.element.dataset.state = state;
        this.element.dataset.media = this.call.path.state;
        this.element.setAttribute('aria-label', `Call with ${partyInWords(remote)}`);
        this.say('call-remote', partyInWords(remote));
        this.say('call-number', remote.displayName ? remote.dialString : '');
        this.say('call-state', this.#stateText());
        this.#show('call-hold', isEstablished && state !== 'held', isOnline);
        this.#show('call-retrieve', state === 'held', isOnline);
        this.#show('call-mute', isEstablished, true);
        this.#show('call-transfer', isEstablished, isOnline);
        this.#show('call-hangup', true, state !== 'terminating');
        const mute = this.find('call-mute');
        mute.setAttribute('aria-pressed', String(isMuted));
        if (!isEstablished) this.#openTransfer(false);
        for (const chip of this.find('transfer-suggestions').children) chip.hidden = chip.value === remote.dialString;
        this.#updateAttended(isOnline);
        this.#updateClock();
    }

    /** Half a second has passed: clock, levels and packets. */
    async tick() {
        this.#updateClock();
        const now = this.call.isEstablished ? await this.call.path.statistics() : null;
        this.find('call-sound').hidden = !now;
        if (!now) return;
        this.find('call-level-in').value = loudness(now.levelIn);
        this.find('call-level-out').value = this.call.isMuted ? 0 : loudness(now.levelOut);
        const sending = this.#last && now.packetsSent > this.#last.packetsSent;
        const receiving = this.#last && now.packetsReceived > this.#last.packetsReceived;
        const lost = now.packetsLost ? `, ${now.packetsLost} lost` : '';
        this.say('call-sent', `${now.packetsSent} packets${sending ? '' : ', paused'}`);
        this.say('call-received', `${now.packetsReceived} packets${receiving ? '' : ', paused'}${lost}`);
        this.#last = now;
    }

    #stateText() {
        const { call } = this;
        if (call.wantsHangUp) return stateInWords('terminating');
        if (call.state === 'active' && call.isMuted) return 'Connected, you are muted';
        if (call.state === 'active' && call.path.state !== 'connected') return 'Connected, setting up the sound …';
        return stateInWords(call.state);
    }

    #updateClock() {
        const { activeSince } = this.call;
        this.say('call-timer', activeSince === null ? '' : durationInWords(Date.now() - activeSince));
    }

    #updateAttended(isOnline) {
        const others = [...this.phone.calls.values()].filter((one) => one !== this.call && one.isEstablished);
        const list = this.find('transfer-attended-list');
        const wanted = others.map(({ identifier }) => identifier).join();
        if (list.dataset.others !== wanted) {
            list.dataset.others = wanted;
            list.replaceChildren(...others.map((other) => {
                const button = document.createElement('button');
                button.type = 'button';
                button.className = 'primary';
                button.dataset.testid = 'transfer-attended';
                button.onclick = () => this.phone.transfer(this.call, other);
                return button;
            }));
        }
        others.forEach((other, index) => {
            const button = list.children[index];
            button.textContent = `Connect ${partyInWords(this.call.remote)} with ${partyInWords(other.remote)}`;
            button.disabled = !isOnline;
        });
        list.hidden = others.length === 0;
    }

    #transferTo(number) {
        const dialString = number.replace(/\s+/g, '');
        if (!dialString) return;
        this.phone.transferTo(this.call, dialString);
        this.#openTransfer(false);
    }

    #openTransfer(isOpen) {
        if (isOpen === this.#isTransferOpen) return;
        this.#isTransferOpen = isOpen;
        this.find('transfer').hidden = !isOpen;
        this.find('call-transfer').setAttribute('aria-expanded', String(isOpen));
        if (isOpen) (this.find('transfer-attended') ?? this.find('transfer-input')).focus();
    }

    #show(name, isShown, isEnabled) {
        const button = this.find(name);
        button.hidden = !isShown;
        button.disabled = !isEnabled;
    }
}

/** A level is linear, ears are not. */
function loudness(level) {
    return Math.min(1, Math.sqrt(level));
}
