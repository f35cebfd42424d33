// A form made from a plugin's JSON Schema. It sends only what was changed, as a merge patch (RFC 7396).

import { fill, make } from './dom.js';
import { escapedToken, fieldKind, isObject } from './schema.js';

const mask = '***';
let nextID = 1;

/** One setting: its element, and what its input says. `undefined`: not given. */
class Field {
    constructor({ name, schema, value, isRequired, pointer }) {
        Object.assign(this, { name, schema, value, pointer, kind: fieldKind(schema, value) });
        const id = `setting-${nextID++}`;
        this.hint = make('p', { class: 'hint', id: `${id}-hint` }, [schema.description, this.#standard()].filter(Boolean).join(' '));
        this.problem = make('p', { class: 'problem', id: `${id}-problem`, role: 'alert' });
        this.input = this.#makeInput({
            id, testid: `setting-${pointer.slice(1)}`, 'aria-describedby': `${id}-hint ${id}-problem`,
        });
        const title = [name, isRequired ? make('span', { class: 'soft' }, ' required') : null];
        const label = make('label', { for: id, class: this.kind === 'flag' ? 'flag' : null }, this.kind === 'flag' ? [this.input, make('span', {}, title)] : title);
        this.element = make('div', { class: 'field' }, label, this.kind === 'flag' ? null : this.input, this.hint, this.problem);
        this.before = this.#read();
    }

    #standard() {
        const { default: standard } = this.schema;
        if (standard === undefined || (typeof standard === 'object' && !Object.keys(standard).length)) return '';
        return `Unless given: ${typeof standard === 'string' ? standard : JSON.stringify(standard)}.`;
    }

    #makeInput(properties) {
        const { schema, value, kind } = this;
        switch (kind) {
            case 'choice':
                return make('select', { ...properties, value: undefined }, [make('option', { value: '' }, ''), ...schema.enum.map((one) =>
                    make('option', { value: String(one), selected: one === value }, String(one)))]);
            case 'flag': {
                const input = make('input', { ...properties, type: 'checkbox' });
                input.checked = value ?? schema.default ?? false;
                return input;
            }
            case 'number':
                return make('input', { ...properties, type: 'text', inputmode: 'decimal', class: 'number', value: value === undefined ? '' : String(value) });
            case 'secret':
                return make('input', {
                    ...properties, type: 'password', autocomplete: 'new-password', value: '',
                    placeholder: value === undefined ? 'not set' : 'unchanged',
                });
            case 'texts':
                return make('textarea', { ...properties, rows: Math.max(2, Math.min(8, (value?.length ?? 0) + 1)), spellcheck: 'false', value: (value ?? []).join('\n') });
            case 'json':
                return make('textarea', { ...properties, class: 'mono', rows: 8, spellcheck: 'false', value: value === undefined ? '' : JSON.stringify(value, null, 2) });
            default:
                return make('input', { ...properties, type: 'text', spellcheck: 'false', value: value ?? '' });
        }
    }

    #read() {
        return this.kind === 'flag' ? String(this.input.checked) : this.input.value;
    }

    get isChanged() {
        return this.#read() !== this.before;
    }

    /** What the input means; null takes the setting away. Throws a text if it means nothing. */
    get meaning() {
        const text = this.#read();
        switch (this.kind) {
            case 'flag': return this.input.checked;
            case 'texts': {
                const lines = text.split('\n').map((line) => line.trim()).filter(Boolean);
                return lines.length || this.value ? lines : null;
            }
            case 'number': {
                if (!text.trim()) return null;
                const number = Number(text);
                if (!Number.isFinite(number)) throw new Error('expected a number');
                return number;
            }
            case 'json':
                if (!text.trim()) return null;
                try {
                    return JSON.parse(text);
                } catch (error) {
                    throw new Error(`expected JSON: ${error.message}`);
                }
            default: return text === '' ? null : text;
        }
    }

    say(problem) {
        fill(this.problem, problem);
        if (problem) this.input.setAttribute('aria-invalid', 'true');
        else this.input.removeAttribute('aria-invalid');
    }
}

export class SettingsForm {
    #fields = [];

    /** `root`: the pointer of the settings in the whole document, as the server's problems have it. */
    constructor({ desk, schema, settings, root, apply, reset }) {
        this.root = root;
        this.desk = desk;
        this.persist = make('input', { type: 'checkbox', testid: 'settings-persist' });
        this.problems = make('div', { role: 'alert', testid: 'settings-problems' });
        this.submit = make('button', { type: 'submit', class: 'primary', testid: 'settings-apply' }, 'Apply');
        this.element = make('form', { class: 'settings', testid: 'settings-form', on: {
            submit: (event) => this.#submit(event, apply), input: () => this.#update(),
        } }, this.#group(schema, settings, ''), this.problems,
        make('div', { class: 'actions' }, this.submit,
            make('button', { type: 'button', testid: 'settings-reset', on: { click: reset } }, 'Undo'),
            make('label', { class: 'flag' }, this.persist, make('span', {}, 'Write it to the file, too'))));
        this.#update();
    }

    #group(schema, value, pointer) {
        const required = schema.required ?? [];
        return Object.entries(schema.properties).map(([name, member]) => {
            const place = `${pointer}/${escapedToken(name)}`;
            const present = value?.[name];
            if (fieldKind(member, present) === 'group') {
                const isOpen = isObject(present);
                return make('details', { class: 'group', open: isOpen }, make('summary', {}, name, make('span', { class: 'soft' }, isOpen ? '' : ' not set')),
                    member.description ? make('p', { class: 'hint' }, member.description) : null, this.#group(member, present, place));
            }
            const field = new Field({ name, schema: member, value: present, isRequired: required.includes(name), pointer: place });
            if (!this.desk.mayChange) field.input.disabled = true;
            this.#fields.push(field);
            return field.element;
        });
    }

    get isChanged() {
        return this.#fields.some((field) => field.isChanged);
    }

    #update() {
        this.submit.disabled = !this.isChanged || !this.desk.mayChange;
        this.persist.disabled = !this.desk.mayChange;
    }

    /** Only what was changed: an untouched secret is not sent at all, and so stays. */
    get patch() {
        const patch = {};
        let isGood = true;
        for (const field of this.#fields) {
            field.say('');
            if (!field.isChanged) continue;
            const path = field.pointer.slice(1).split('/').map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
            let place = patch;
            for (const name of path.slice(0, -1)) place = place[name] ??= {};
            try {
                const { meaning } = field;
                place[path.at(-1)] = field.kind === 'secret' && meaning === null ? mask : meaning;
            } catch (error) {
                field.say(error.message);
                field.input.focus();
                isGood = false;
            }
        }
        return isGood ? patch : null;
    }

    async #submit(event, apply) {
        event.preventDefault();
        if (this.submit.disabled) return;
        const { patch } = this;
        fill(this.problems);
        if (!patch) return;
        this.submit.disabled = true;
        try {
            await apply(patch, this.persist.checked);
        } catch (error) {
            this.#show(error);
        } finally {
            this.#update();
        }
    }

    #show(error) {
        const problems = error.problems ?? [];
        if (!problems.length) {
            this.desk.fail(error);
            fill(this.problems, make('p', { class: 'problem' }, error.message));
            return;
        }
        let first = null;
        const rest = [];
        for (const { pointer, problem } of problems) {
            const field = this.#fieldAt(pointer);
            if (!field) {
                rest.push(make('li', {}, make('code', {}, pointer), ` ${problem}`));
                continue;
            }
            field.say([field.problem.textContent, problem].filter(Boolean).join('; '));
            first ??= field;
        }
        fill(this.problems, make('p', { class: 'problem' }, problems.length === 1 ? 'Not applied: there is a problem.' : `Not applied: there are ${problems.length} problems.`),
            rest.length ? make('ul', { class: 'problem' }, rest) : null);
        if (!first) return;
        first.element.closest('details')?.setAttribute('open', '');
        first.input.focus();
    }

    /** The field a problem is about: its own pointer, or that of what it contains. */
    #fieldAt(pointer) {
        const place = pointer.startsWith(this.root) ? pointer.slice(this.root.length) : pointer.replace(/^\/settings(?=\/|$)/, '');
        return this.#fields.filter((field) => place === field.pointer || place.startsWith(`${field.pointer}/`))
            .sort((one, other) => other.pointer.length - one.pointer.length)[0];
    }
}
