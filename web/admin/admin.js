// The dashboard: log-in, the frame around the views, and which view an address means.

import { CallView } from './call-page.js';
import { CallsView, NumberView } from './calls.js';
import { ConfigurationView } from './configuration.js';
import { Desk } from './desk.js';
import { fill, make, visible } from './dom.js';
import { EventsView } from './events.js';
import { forgetToken, LogIn, rememberedToken } from './login.js';
import { OverviewView } from './overview.js';
import { PluginView } from './plugin.js';
import { PluginsView } from './plugins.js';
import { PushesView } from './pushes.js';
import { Refresher } from './refresher.js';
import { RegistrationView } from './registration.js';
import { RegistrationsView } from './registrations.js';
import { LogInNeeded, Server } from './rpc.js';
import { ServerView } from './server.js';
import { EventStream } from './stream.js';

const routes = {
    '': OverviewView, registrations: RegistrationsView, calls: CallsView, plugins: PluginsView, pushes: PushesView,
    events: EventsView, configuration: ConfigurationView, server: ServerView,
};
const pages = { registrations: RegistrationView, calls: CallView, plugins: PluginView, number: NumberView };
/** How often a view is asked to look even if no event has told it to, and the time since something is shown anew. */
const lookInterval = 15_000;
const clockInterval = 1_000;

const find = (name) => document.querySelector(`[data-testid=${name}]`);
const content = find('content');
let desk = null;
let shown = null;

/** `#/calls/12.3?x=y` → what the views get: their name, what it is about, and parameters. */
function address() {
    const [path, query] = location.hash.replace(/^#\/?/, '').split('?', 2);
    const [name = '', ...rest] = path.split('/');
    let subject = rest.join('/');
    try {
        subject = decodeURIComponent(subject);
    } catch {
        // A broken escape is taken as it stands.
    }
    return { name, subject, query: new URLSearchParams(query ?? '') };
}

function route({ keepsFocus = false } = {}) {
    if (!desk) return;
    if (location.hash === '#content') return;
    if (shown?.view.mayLeave && !shown.view.mayLeave(location.hash)) return;
    leave();
    const { name, subject, query } = address();
    const View = (subject ? pages[name] : routes[name]) ?? routes[name] ?? OverviewView;
    const view = new View(desk, { subject, query });
    const refresher = new Refresher(async () => {
        try {
            await view.refresh();
        } catch (error) {
            if (!(error instanceof LogInNeeded) && desk?.isReached) desk.fail(error);
        }
    });
    view.look = () => refresher.soon();
    shown = { view, refresher };
    fill(content, view.element);
    document.title = `${visible(view.title)} – anynode`;
    for (const link of find('views').children) {
        const isHere = link.getAttribute('href') === `#/${name === 'number' ? 'calls' : name}`;
        if (isHere) {
            link.setAttribute('aria-current', 'page');
            find('views').scrollLeft = link.offsetLeft - 48;
        } else {
            link.removeAttribute('aria-current');
        }
    }
    if (!keepsFocus) {
        const heading = content.querySelector('h1');
        heading?.setAttribute('tabindex', '-1');
        heading?.focus({ preventScroll: true });
        scrollTo(0, 0);
    }
    refresher.soon();
}

function leave() {
    shown?.refresher.end();
    shown?.view.end?.();
    shown = null;
}

function start(token, info) {
    const server = new Server(token);
    const stream = new EventStream(server);
    desk = new Desk(server, stream);
    desk.learnRole(info?.role);
    stream.addEventListener('event', ({ detail }) => {
        if (detail.event.startsWith('system.')) lookAtServer();
        shown?.view.receive?.(detail);
        if (detail.event === 'system.lost' || shown?.view.topics?.some((topic) => detail.event.startsWith(topic))) shown.refresher.soon();
    });
    stream.addEventListener('tick', () => {
        lookAtServer();
        shown?.refresher.soon();
    });
    stream.addEventListener('state', showConnection);
    desk.addEventListener('reached', showConnection);
    desk.addEventListener('role', () => {
        showRole();
        if (shown && !shown.view.mayLeave) route({ keepsFocus: true });
        else shown?.view.roleChanged?.();
    });
    desk.addEventListener('news', ({ detail }) => showNews(detail));
    desk.addEventListener('logInNeeded', () => logOut('The server does not accept the token any more. Log in again.'));
    find('status').hidden = find('views').hidden = false;
    showConnection();
    showRole();
    showServer(info);
    route();
}

async function lookAtServer() {
    try {
        const info = await desk.call('system.info');
        desk?.learnRole(info.role);
        showServer(info);
    } catch {
        // Said by the connection's state, or by the log-in.
    }
}

function showServer(info) {
    if (!info) return;
    fill(find('host'), info.host);
    const pill = find('state');
    pill.dataset.state = info.state === 'serving' ? 'ok' : 'degraded';
    const text = info.state === 'serving' ? 'Serving' : visible(info.state === 'draining' ? 'Draining' : info.state);
    if (pill.textContent !== text) pill.textContent = text;
}

function showConnection() {
    if (!desk) return;
    const pill = find('connection');
    const [state, text] = !desk.isReached ? ['failed', 'Not reachable']
        : desk.stream.state === 'live' ? ['ok', 'Live'] : ['degraded', desk.stream.state === 'polling' ? 'Polling' : 'Connecting'];
    pill.dataset.state = state;
    if (pill.textContent !== text) pill.textContent = text;
}

function showRole() {
    fill(find('role'), desk?.role ?? '');
}

function showNews({ text, isError }) {
    find('notice').hidden = false;
    find('notice').classList.toggle('error', isError);
    find('notice-text').textContent = visible(text);
    fill(find('announcement'), text);
}

function closeNews() {
    find('notice').hidden = true;
}

function logOut(problem) {
    if (!desk && problem) return;
    desk?.stream.end();
    leave();
    desk = null;
    forgetToken();
    find('status').hidden = find('views').hidden = true;
    fill(find('host'), 'dashboard');
    closeNews();
    askForToken(problem);
}

function askForToken(problem) {
    document.title = 'Log in – anynode';
    const form = new LogIn({ problem, entered: start });
    fill(content, form.element);
    form.input.focus();
}

find('logout').addEventListener('click', () => logOut());
find('notice-close').addEventListener('click', closeNews);
find('skip').addEventListener('click', (event) => {
    event.preventDefault();
    content.focus();
});
addEventListener('hashchange', () => {
    closeNews();
    route();
});
addEventListener('beforeunload', (event) => {
    if (shown?.view.isChanged) event.preventDefault();
});
setInterval(() => shown?.view.tick?.(), clockInterval);
setInterval(() => {
    if (!desk) return;
    lookAtServer();
    shown?.refresher.soon();
}, lookInterval);

const token = rememberedToken();
if (token) {
    new Server(token).call('system.info').then((info) => start(token, info), (error) => {
        if (error instanceof LogInNeeded) forgetToken();
        askForToken(error instanceof LogInNeeded ? 'The server does not accept the token any more. Log in again.' : error.message);
    });
} else {
    askForToken();
}
