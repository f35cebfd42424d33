// Asks before something is done that can't be taken back.

import { make } from './dom.js';

/** True when the person says yes; Escape and Cancel are no. The browser gives the focus back to where it was. */
export function confirmed({ title, text, action, isDangerous = true }) {
    return new Promise((resolve) => {
        const close = (answer) => () => dialog.close(answer);
        const cancel = make('button', { type: 'button', testid: 'dialog-cancel', on: { click: close('no') } }, 'Cancel');
        const dialog = make('dialog', { testid: 'dialog', 'aria-labelledby': 'dialog-title', 'aria-describedby': 'dialog-text' },
            make('h2', { id: 'dialog-title' }, title),
            make('p', { id: 'dialog-text' }, text),
            make('div', { class: 'actions' }, cancel, make('button', {
                type: 'button', class: isDangerous ? 'stop' : 'primary', testid: 'dialog-confirm', on: { click: close('yes') },
            }, action)));
        dialog.addEventListener('close', () => {
            dialog.remove();
            resolve(dialog.returnValue === 'yes');
        });
        document.body.append(dialog);
        dialog.showModal();
        cancel.focus();
    });
}
