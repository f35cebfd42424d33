// Configuration: edit, check, compare, apply. What is typed is never lost to news from elsewhere.

import { confirmed } from './dialog.js';
import { lineDifferences, shortened } from './diff.js';
import { card, fill, make } from './dom.js';
import { Editor } from './editor.js';
import { lineAt, placeOf } from './pointer.js';
import { codes } from './rpc.js';

const textOf = (document) => JSON.stringify(document, null, 2);

export class ConfigurationView {
    title = 'Configuration';
    topics = ['system.configured'];

    constructor(desk) {
        this.desk = desk;
        this.running = null;
        this.editor = new Editor({ changed: () => this.#changed() });
        this.about = make('p', { class: 'hint', testid: 'revision' });
        this.problems = make('div', { testid: 'problems', role: 'status' });
        this.conflict = make('div', { testid: 'conflict', role: 'alert' });
        this.differences = make('div', { testid: 'diff' });
        this.persist = make('input', { type: 'checkbox', testid: 'persist' });
        this.buttons = {
            validate: make('button', { type: 'button', testid: 'validate', on: { click: () => this.#validate() } }, 'Validate'),
            compare: make('button', { type: 'button', testid: 'compare', on: { click: () => this.#compare() } }, 'Compare'),
            undo: make('button', { type: 'button', testid: 'undo', on: { click: () => this.#undo() } }, 'Undo'),
            apply: make('button', { type: 'button', class: 'primary', testid: 'apply', on: { click: () => this.#apply(this.running?.revision) } }, 'Apply'),
            reload: desk.button('Reload from file', {
                testid: 'reload',
                ask: { title: 'Read the configuration from its file?', text: 'What was applied without being written to the file is undone.', action: 'Reload' },
                act: () => this.#reload(),
            }),
        };
        this.element = make('div', { class: 'view', testid: 'configuration-view' },
            make('h1', {}, 'Configuration'), this.about, this.conflict,
            make('section', { class: 'card', 'aria-label': 'Editor' }, this.editor.element, this.problems,
                make('div', { class: 'actions' }, this.buttons.apply, this.buttons.validate, this.buttons.compare, this.buttons.undo,
                    make('label', { class: 'flag' }, this.persist, make('span', {}, 'Write it to the file, too')), make('span', { class: 'space' }), this.buttons.reload),
                desk.viewerNote(),
                make('p', { class: 'hint' }, 'Secrets are shown as "***"; left so, they stay as they are.')),
            this.differences);
        this.#changed();
    }

    get isChanged() {
        return this.running !== null && this.editor.text !== textOf(this.running.document);
    }

    mayLeave(hash) {
        if (!this.isChanged || this.isLeaving) return true;
        if (this.isAsked) return false;
        this.isAsked = true;
        history.replaceState(null, '', '#/configuration');
        confirmed({ title: 'Leave without applying?', text: 'What you have changed in the configuration is lost.', action: 'Leave' }).then((yes) => {
            this.isAsked = false;
            if (!yes) return;
            this.isLeaving = true;
            if (location.hash === hash) dispatchEvent(new HashChangeEvent('hashchange'));
            else location.hash = hash;
        });
        return false;
    }

    roleChanged() {
        this.#changed();
    }

    async refresh() {
        const latest = await this.desk.call('config.get');
        if (latest.revision === this.running?.revision) return;
        if (this.isChanged) return this.#showConflict(latest);
        this.#take(latest);
    }

    #take(latest) {
        this.running = latest;
        this.editor.text = textOf(latest.document);
        this.isLeaving = false;
        fill(this.conflict);
        fill(this.problems);
        fill(this.differences);
        this.#showRevision();
        this.#changed();
    }

    #showRevision() {
        fill(this.about, 'Running revision ', make('code', {}, this.running.revision), ` · file ${this.running.path}`);
    }

    #changed() {
        const { validate, compare, undo, apply } = this.buttons;
        apply.disabled = !this.isChanged || !this.desk.mayChange || this.isBusy === true;
        apply.title = this.desk.mayChange ? '' : 'A viewer may not apply anything.';
        this.persist.disabled = !this.desk.mayChange;
        compare.disabled = undo.disabled = !this.isChanged;
        validate.disabled = this.running === null;
        if (this.differences.hasChildNodes()) this.#compare();
    }

    /** What the editor means, or undefined; then the place of the error is shown. */
    #document() {
        try {
            return JSON.parse(this.editor.text);
        } catch (error) {
            // Engines name the place as a position, or as a line and a column, or not at all.
            const [, position] = /position (\d+)/.exec(error.message) ?? [];
            const start = position === undefined ? null : Number(position);
            this.#showProblems([{ pointer: '', problem: `This is not JSON: ${error.message}`, place: start === null ? null : { start, end: start + 1 } }]);
            return undefined;
        }
    }

    #showProblems(problems) {
        const { text } = this.editor;
        const placed = problems.map((problem) => ({ ...problem, place: 'place' in problem ? problem.place : placeOf(text, problem.pointer) }));
        this.editor.mark(placed.map(({ place }) => place));
        fill(this.problems, make('p', { class: 'problem' }, placed.length === 1 ? 'One problem:' : `${placed.length} problems:`),
            make('ul', { class: 'problems' }, placed.map(({ pointer, problem, place }) => make('li', {},
                place ? make('button', { type: 'button', class: 'link', testid: 'problem', on: { click: () => this.editor.select(place) } },
                    `line ${lineAt(text, place.start)}`) : null,
                pointer ? make('code', {}, pointer) : null, make('span', {}, problem)))));
    }

    #showFailure(error) {
        if (error.code === codes.conflict) return this.#meetConflict(error);
        if (error.problems?.length) this.#showProblems(error.problems.map(({ pointer, problem }) => ({ pointer: pointer.replace(/^\/document(?=\/|$)/, ''), problem })));
        else this.desk.fail(error);
    }

    async #validate() {
        const document = this.#document();
        if (document === undefined) return;
        try {
            const { valid, problems, changes, restartRequired } = await this.desk.call('config.validate', { document });
            if (!valid) return this.#showProblems(problems);
            this.editor.mark([]);
            fill(this.problems, make('p', { class: 'good' }, changes.length ? 'Valid.' : 'Valid, and the same as the running one.'), this.#changes(changes, restartRequired));
        } catch (error) {
            this.#showFailure(error);
        }
    }

    #changes(changes, restartRequired = []) {
        if (!changes?.length) return null;
        return make('ul', { class: 'problems' }, changes.map(({ pointer, change }) => make('li', {},
            make('span', { class: 'soft' }, change), make('code', {}, pointer),
            restartRequired.some((one) => pointer === one || pointer.startsWith(`${one}/`)) ? make('span', { class: 'warn' }, 'after a restart') : null)));
    }

    #compare() {
        if (!this.isChanged) return fill(this.differences);
        const lines = shortened(lineDifferences(textOf(this.running.document), this.editor.text));
        const signs = { added: '+', removed: '−', same: ' ', gap: '⋯' };
        fill(this.differences, card('Compared with the running configuration', {}, make('div', { class: 'diff', tabindex: '0', role: 'region', 'aria-label': 'Differences' },
            lines.map(({ kind, text, count }) => make('div', { 'data-kind': kind },
                make('span', { class: 'sign', 'aria-label': kind === 'same' ? null : kind }, signs[kind]), make('span', {}, kind === 'gap' ? `${count} lines` : text))))));
    }

    #undo() {
        this.#take(this.running);
        this.look();
    }

    async #apply(revision) {
        const document = this.#document();
        if (document === undefined) return;
        this.isBusy = true;
        this.#changed();
        try {
            const result = await this.desk.call('config.apply', { document, revision, persist: this.persist.checked });
            this.#take(await this.desk.call('config.get'));
            fill(this.problems, make('p', { class: 'good', testid: 'applied' }, `Applied as revision ${result.revision}${result.persisted ? ' and written to the file' : ''}.`),
                this.#changes(result.changes, result.restartRequired));
            this.desk.say(result.restartRequired?.length ? 'Applied. Some of it takes effect after a restart.' : 'Applied.');
        } catch (error) {
            this.#showFailure(error);
        } finally {
            this.isBusy = false;
            this.#changed();
        }
    }

    async #meetConflict(error) {
        try {
            this.#showConflict(await this.desk.call('config.get'));
        } catch {
            this.desk.fail(error);
        }
    }

    #showConflict(latest) {
        if (this.conflict.dataset.revision === latest.revision && this.conflict.hasChildNodes()) return;
        this.conflict.dataset.revision = latest.revision;
        const keep = () => {
            this.running = latest;
            fill(this.conflict);
            this.#showRevision();
            this.#changed();
            this.#compare();
            this.editor.input.focus();
        };
        fill(this.conflict, make('div', { class: 'notice error' },
            make('p', {}, `Somebody else has changed the configuration: revision ${latest.revision} runs now. What you have typed is kept.`)),
        make('div', { class: 'actions' },
            make('button', { type: 'button', testid: 'conflict-keep', on: { click: keep } }, 'Keep mine, and compare'),
            make('button', { type: 'button', testid: 'conflict-take', on: { click: () => this.#take(latest) } }, 'Take the running one')));
    }

    async #reload() {
        try {
            const { revision } = await this.desk.call('config.reload');
            this.desk.say(`Read from the file; revision ${revision} runs.`);
            this.look();
        } catch (error) {
            this.#showFailure(error);
        }
    }
}
