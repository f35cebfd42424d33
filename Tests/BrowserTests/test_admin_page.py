"""The operator's dashboard in a real browser: against canned data where a test needs the unusual, else against both."""

import copy
import re
import time

import pytest
from playwright.sync_api import expect

from admin_fake import FakeAdmin, Refused, at, registration
from dashboard import Dashboard, RealAdmin
from phone import NUMBERS

DESKTOP, TELEPHONE = {"width": 1400, "height": 900}, {"width": 360, "height": 780}
VIEWS = {
    "overview": "", "registrations-view": "registrations", "registration-view": "registrations/4.1", "calls-view": "calls",
    "call-view": "calls/11.1", "number-view": "number/4953638195004", "plugins-view": "plugins", "plugin-view": "plugins/people",
    "pushes-view": "pushes", "events-view": "events", "configuration-view": "configuration", "server-view": "server",
}  # fmt: skip


@pytest.fixture
def start_fake():
    fakes = []

    def start(**options):
        fakes.append(FakeAdmin(**options))
        return fakes[-1]

    yield start
    for fake in fakes:
        fake.stop()


@pytest.fixture
def fake(start_fake):
    return start_fake()


@pytest.fixture
def real(start_server):
    admin = RealAdmin(start_server)
    yield admin
    admin.stop()


@pytest.fixture(params=["fake", "real"])
def admin(request):
    """A listener with `url` and `token`, whoever it is."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def open_dashboard(browser):
    boards, contexts = [], []

    def open(admin, view="", *, token=None, **options):
        contexts.append(browser.new_context(**{"viewport": DESKTOP, **options}))
        boards.append(Dashboard(contexts[-1].new_page(), admin))
        board = boards[-1].open(view)
        if token != "":
            board.log_in(token)
        return board

    yield open
    complaints = [complaint for board in boards for complaint in board.complaints]
    for context in contexts:
        context.close()
    assert complaints == []


# Against both


def test_a_wrong_token_is_said_and_the_right_one_lets_in(admin, open_dashboard):
    board = open_dashboard(admin, token="")
    board.expected.append("status of 401")
    board.log_in("a-wrong-token-altogether")
    expect(board.find("login-problem")).to_contain_text("does not accept this token")
    expect(board.find("token")).to_be_focused()
    board.log_in()
    expect(board.find("overview")).to_be_visible()
    board.is_live()
    expect(board.find("role")).to_have_text("operator")
    assert board.page.evaluate("localStorage.length") == 0
    assert admin.token not in board.page.content() and admin.token not in board.page.url
    board.page.reload()
    expect(board.find("overview")).to_be_visible()
    board.find("logout").click()
    expect(board.find("login")).to_be_visible()
    board.page.reload()
    expect(board.find("login")).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, TELEPHONE], ids=["desktop", "telephone"])
def test_each_view_opens_and_fits(admin, open_dashboard, size):
    board = open_dashboard(admin, viewport=size).is_live()
    for name, address in VIEWS.items():
        board.go(address)
        expect(board.find(name)).to_be_visible()
        expect(board.page.locator("h1")).to_have_count(1)
        expect(board.page.locator("h1")).to_be_focused()
        width = board.page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], f"{name} is {width} wide"
    assert board.page.evaluate("document.querySelectorAll('[style], style, script:not([src])').length") == 0


def test_a_configuration_is_validated_compared_and_applied(admin, open_dashboard):
    board = open_dashboard(admin, "configuration")
    editor = board.find("editor")
    expect(editor).to_have_value(re.compile('"ringTimeout": "60s"'))
    good = editor.input_value()
    expect(board.find("apply")).to_be_disabled()
    editor.fill(good.replace('"ringTimeout": "60s"', '"ringTimeout": 5'))
    board.find("validate").click()
    problems = board.find("problems")
    expect(problems).to_contain_text("/signaling/ringTimeout")
    expect(problems).to_contain_text("expected a duration")
    line = good[: good.index('"ringTimeout"')].count("\n") + 1
    expect(board.find("problem")).to_have_text(f"line {line}")
    board.find("problem").click()
    selected = board.page.evaluate("(() => { const e = document.activeElement; return e.value.slice(e.selectionStart, e.selectionEnd); })()")
    assert selected == "5"
    editor.fill(good.replace('"ringTimeout": "60s"', '"ringTimeout": "45s"'))
    board.find("compare").click()
    expect(board.page.locator("[data-testid=diff] [data-kind=removed]")).to_contain_text('"60s"')
    expect(board.page.locator("[data-testid=diff] [data-kind=added]")).to_contain_text('"45s"')
    before = board.find("revision").inner_text()
    board.find("apply").click()
    expect(board.find("applied")).to_contain_text("Applied as revision")
    expect(board.find("revision")).not_to_have_text(before)
    expect(editor).to_have_value(re.compile('"ringTimeout": "45s"'))
    editor.fill("{ not JSON")
    board.find("validate").click()
    expect(problems).to_contain_text("This is not JSON")


def test_draining_is_asked_for_and_can_be_taken_back(admin, open_dashboard):
    board = open_dashboard(admin, "server").is_live()
    board.find("drain").click()
    board.find("dialog-cancel").click()
    expect(board.find("drain")).to_be_focused()
    expect(board.find("state")).to_have_text("Serving")
    board.find("drain").click()
    board.confirm()
    expect(board.find("state")).to_have_text("Draining")
    board.find("resume").click()
    expect(board.find("state")).to_have_text("Serving")


# Against the server itself


def test_a_client_comes_and_is_ended(real, open_dashboard):
    board = open_dashboard(real, "registrations").is_live()
    expect(board.find("registrations-empty")).to_be_visible()
    number = real.register("alice")
    row = board.page.locator("[data-testid=registrations] [data-testid=row]")
    expect(row).to_contain_text(number)
    expect(row).to_contain_text("Alice Adams")
    board.find("filter-username").fill("bob")
    expect(board.find("registrations-empty")).to_be_visible()
    board.find("filter-username").fill("alice")
    row.get_by_role("link").first.click()
    expect(board.find("registration-facts")).to_contain_text(number)
    board.find("terminate").click()
    board.confirm()
    expect(board.find("gone")).to_be_visible()
    board.go("events")
    expect(board.find("events")).to_contain_text("Registration ended")


def test_a_call_to_nobody_is_explained(real, open_dashboard):
    real.register("alice")
    board = open_dashboard(real, "calls").is_live()
    expect(board.find("ended-calls-empty")).to_be_visible()
    real.call("alice", "bob")
    # The event alone makes the page look.
    expect(board.find("ended-calls")).to_contain_text("unreachable")
    board.find("why-number").fill(NUMBERS["bob"])
    board.page.keyboard.press("Enter")
    timeline = board.find("timeline")
    expect(timeline.locator("[data-step=resolved]")).to_contain_text("no device can be reached")
    expect(timeline.locator("[data-step=ended]")).to_contain_text("unavailable")


def test_a_call_is_watched_and_ended(real, open_dashboard):
    real.register("alice")
    real.register("bob")
    board = open_dashboard(real, "calls").is_live()
    real.call("alice", "bob")
    live = board.find("live-calls")
    expect(live).to_contain_text(NUMBERS["bob"])
    live.get_by_role("link").first.click()
    expect(board.find("parties").get_by_test_id("row")).to_have_count(2)
    expect(board.find("timeline").locator("[data-step=offered]")).to_be_visible()
    board.find("call-terminate").click()
    board.confirm()
    expect(board.find("call-facts")).to_contain_text("ended by an operator")
    expect(board.find("timeline").locator("[data-step=ended]")).to_contain_text("administrator")
    board.go("calls")
    expect(board.find("ended-calls")).to_contain_text("ended by an operator")


def test_settings_of_a_plugin_are_changed_by_its_form(real, open_dashboard):
    board = open_dashboard(real, "plugins/static")
    reload = board.find("setting-reload")
    expect(reload).to_be_visible()
    reload.fill("soon")
    board.find("settings-apply").click()
    expect(board.find("settings-problems")).to_contain_text("Not applied")
    expect(reload).to_have_attribute("aria-invalid", "true")
    expect(reload).to_be_focused()
    reload.fill("5s")
    board.find("settings-apply").click()
    expect(board.find("notice-text")).to_contain_text("Applied as revision")
    expect(board.find("setting-reload")).to_have_value("5s")
    board.go("configuration")
    expect(board.find("editor")).to_have_value(re.compile('"reload": "5s"'))


def test_a_viewer_of_the_server_looks_only(start_server, open_dashboard):
    board = open_dashboard(RealAdmin(start_server, role="viewer"), "server")
    expect(board.find("role")).to_have_text("viewer")
    expect(board.find("drain")).to_be_disabled()
    expect(board.find("viewer-note")).to_be_visible()


# Against canned data


def test_hostile_names_are_shown_as_text(fake, open_dashboard):
    name = "<img src=x onerror=alert(1)>\u202egnp.exe\u0000\u200b"
    fake.registrations = [registration(1, displayName=name, username="<b>u</b>", client="</td><script>alert(1)</script>\u2066")]
    fake.calls[0]["caller"]["displayName"] = name
    fake.traces[0]["steps"][1]["text"] = name
    fake.plugins[0]["health"]["problem"] = name
    fake.pushes[0]["problem"] = name
    board = open_dashboard(fake).is_live()
    fake.emit("call.started", call="1.1", caller=name, dialled="1")
    for view in ("", "registrations", "registrations/1.1", "calls", "calls/12.1", "number/4953638195002", "plugins", "plugins/people", "pushes", "events"):
        board.go(view)
        expect(board.find("content")).to_contain_text("<img src=x onerror=alert(1)>\\u202egnp.exe\\u0000\\u200b")
        text = board.page.evaluate("document.body.innerText")
        assert not any(character in text for character in "\u202e\u2066\u200b\u0000"), view
        assert board.page.evaluate("document.querySelectorAll('main img, main script, main b').length") == 0
    board.go("registrations/%E2%80%AE%3Cb%3E")
    expect(board.page.locator("h1")).to_have_text("Registration \\u202e<b>")
    assert "\u202e" not in board.page.title()


def test_a_huge_list_is_paged_and_an_event_touches_only_what_changed(fake, open_dashboard):
    fake.registrations = [registration(number) for number in range(1, 4001)]
    board = open_dashboard(fake, "registrations", viewport=DESKTOP).is_live()
    rows = board.page.locator("[data-testid=registrations] [data-testid=row]")
    expect(rows).to_have_count(100)
    board.find("page-next").click()
    expect(board.row("101.1")).to_be_visible()
    expect(board.find("page-text")).to_have_text("page 2 · 100 shown")
    link = board.find("open-160.1")
    link.focus()
    board.page.evaluate("""() => {
        window.touched = new Set();
        new MutationObserver((records) => {
            for (const record of records) {
                const cell = record.target.closest?.('td') ?? record.target.parentElement?.closest('td');
                if (cell?.dataset.title !== 'Since') touched.add(cell?.parentElement.dataset.key ?? record.target.nodeName);
            }
        }).observe(document.querySelector('[data-testid=registrations] tbody'), { childList: true, subtree: true, characterData: true });
    }""")
    scroll = board.page.evaluate("scrollY")
    assert scroll > 0
    fake.registrations[149]["connected"] = False
    fake.emit("registration.lost", registration="150.1", dialString=fake.registrations[149]["dialString"])
    expect(board.row("150.1")).to_contain_text("away")
    assert board.page.evaluate("[...touched]") == ["150.1"]
    expect(link).to_be_focused()
    assert board.page.evaluate("scrollY") == scroll
    board.find("page-back").click()
    expect(board.row("1.1")).to_be_visible()
    expect(board.find("page-back")).to_be_disabled()


def test_a_storm_of_events_asks_four_times_a_second_at_most(fake, open_dashboard):
    board = open_dashboard(fake, "registrations").is_live()
    expect(board.row("1.1")).to_be_visible()
    before, begun = len(fake.asked("registrations.list")), time.monotonic()
    for number in range(1500):
        fake.emit("registration.created", registration=f"{number}.9", dialString=str(number))
    board.go("events")
    expect(board.find("events")).to_contain_text("1499")
    asked, seconds = len(fake.asked("registrations.list")) - before, time.monotonic() - begun
    assert asked <= seconds * 4 + 2
    assert board.page.locator("[data-testid=events] > li").count() <= 300


def test_events_are_filtered_paused_and_counted_when_lost(fake, open_dashboard):
    board = open_dashboard(fake, "events").is_live()
    fake.emit("call.answered", call="5.1", caller="100", dialled="200")
    fake.emit("registration.lost", registration="6.1", dialString="300")
    events = board.find("events")
    expect(events).to_contain_text("100 → 200")
    expect(events).to_contain_text("300")
    board.find("topic-registration").uncheck()
    expect(events).not_to_contain_text("300")
    board.find("event-text").fill("nothing like it")
    expect(board.find("events-empty")).to_be_visible()
    board.find("event-text").fill("")
    board.find("pause").click()
    fake.emit("call.ended", call="5.1", caller="100", dialled="200", reason="busy")
    expect(board.find("event-counts")).to_contain_text("1 since then")
    expect(events).not_to_contain_text("busy")
    board.find("pause").click()
    expect(events).to_contain_text("busy")
    fake.emit("system.lost", count=1234)
    fake.emit("system.lost", count=6)
    expect(board.find("event-counts")).to_contain_text("1,240 lost")
    expect(events).to_contain_text("Events lost")


def test_without_a_socket_it_polls_and_comes_back(fake, open_dashboard):
    fake.accepts_sockets = False
    board = open_dashboard(fake, "calls")
    expect(board.find("connection")).to_have_text("Polling")
    fake.calls = []
    expect(board.find("live-calls-empty")).to_be_visible()
    fake.accepts_sockets = True
    board.is_live()
    fake.drop_sockets()
    board.is_live()
    fake.until_subscribed()


def test_a_token_that_is_withdrawn_leads_back_to_the_log_in(fake, open_dashboard):
    board = open_dashboard(fake, "calls").is_live()
    board.expected.append("status of 401")
    fake.token = "another-token-by-now"
    board.go("pushes")
    expect(board.find("login-problem")).to_contain_text("does not accept the token any more")
    expect(board.find("views")).to_be_hidden()
    board.log_in()
    expect(board.find("pushes-view")).to_be_visible()


@pytest.mark.parametrize("tells", [True, False], ids=["told by system.info", "learnt from a refusal"])
def test_a_viewer_is_told_why_nothing_can_be_changed(start_fake, open_dashboard, tells):
    fake = start_fake(role="viewer")
    fake.tells_role = tells
    board = open_dashboard(fake, "registrations/4.1")
    if not tells:
        board.find("wake").click()
    expect(board.find("role")).to_have_text("viewer")
    expect(board.find("viewer-note")).to_contain_text("change nothing")
    for name in ("wake", "disconnect", "terminate"):
        expect(board.find(name)).to_be_disabled()
    board.go("calls/12.1")
    expect(board.find("call-terminate")).to_be_disabled()
    board.go("plugins/people")
    expect(board.find("switch")).to_be_disabled()
    expect(board.find("setting-timeout")).to_be_disabled()
    board.go("configuration")
    expect(board.find("editor")).to_have_value(re.compile("signaling"))
    board.find("editor").fill("{}")
    expect(board.find("apply")).to_be_disabled()
    expect(board.find("reload")).to_be_disabled()
    expect(board.find("validate")).to_be_enabled()


def test_a_conflict_keeps_what_was_typed(fake, open_dashboard):
    board = open_dashboard(fake, "configuration").is_live()
    editor = board.find("editor")
    expect(editor).to_have_value(re.compile("ringTimeout"))
    mine = editor.input_value().replace('"ringTimeout": "60s"', '"ringTimeout": "10s"')
    editor.fill(mine)
    # Told by the event before it is applied, and by the refusal if there was no event.
    fake.drop_sockets()
    fake.accepts_sockets = False
    theirs = copy.deepcopy(fake.document)
    theirs["log"]["level"] = "debug"
    fake.change_document(theirs)
    board.find("apply").click()
    expect(board.find("conflict")).to_contain_text("c0ffee-8")
    expect(editor).to_have_value(mine)
    board.find("conflict-keep").click()
    expect(board.page.locator("[data-testid=diff] [data-kind=removed]").first).to_contain_text("60s")
    expect(board.find("diff")).to_contain_text('"debug"')
    board.find("apply").click()
    expect(board.find("applied")).to_contain_text("c0ffee-9")
    assert fake.asked("config.apply")[-1]["revision"] == "c0ffee-8"
    assert fake.document["signaling"]["ringTimeout"] == "10s"


def test_leaving_with_changes_asks_first(fake, open_dashboard):
    board = open_dashboard(fake, "configuration")
    editor = board.find("editor")
    expect(editor).to_have_value(re.compile("ringTimeout"))
    editor.fill("{}")
    board.go("calls")
    board.find("dialog-cancel").click()
    expect(editor).to_have_value("{}")
    board.go("calls")
    board.confirm()
    expect(board.find("calls-view")).to_be_visible()


def test_a_problem_deep_in_a_plugin_stands_at_its_field(fake, open_dashboard):
    board = open_dashboard(fake, "plugins/people")
    board.find("setting-connections").fill("999")
    board.find("setting-tls/startTLS").select_option("off")
    board.find("settings-apply").click()
    expect(board.find("setting-connections")).to_be_focused()
    expect(board.find("setting-connections")).to_have_attribute("aria-invalid", "true")
    expect(board.find("settings-form")).to_contain_text("expected a number from 1 to 64")
    board.find("setting-connections").fill("16")
    board.find("settings-apply").click()
    expect(board.find("notice-text")).to_contain_text("Applied")
    # Only what was changed is sent, and no secret.
    assert fake.asked("plugins.configure")[-1] == {
        "name": "people", "persist": False, "settings": {"connections": 16, "tls": {"startTLS": "off"}},
    }  # fmt: skip
    board.find("switch").click()
    board.confirm()
    expect(board.find("switch")).to_have_text("Enable")
    expect(board.find("plugin-facts")).to_contain_text("disabled")


def test_what_was_typed_in_a_form_survives_news(fake, open_dashboard):
    board = open_dashboard(fake, "plugins/people").is_live()
    board.find("setting-timeout").fill("9s")
    fake.document["plugins"][0]["settings"]["connections"] = 2
    fake.plugins[0]["counters"][0]["count"] = 5
    fake.change_document(fake.document)
    expect(board.find("counters")).not_to_contain_text("128,411")
    expect(board.find("setting-timeout")).to_have_value("9s")


def test_why_it_did_not_ring(fake, open_dashboard):
    board = open_dashboard(fake, "calls")
    board.find("why-number").fill("4953638195004")
    board.find("why-submit").click()
    expect(board.find("timeline")).to_have_count(2)
    gone = board.page.locator("[data-step=pushGone]")
    expect(gone).to_contain_text("+141 ms")
    expect(gone).to_have_attribute("data-state", "failed")
    expect(board.find("omitted")).to_contain_text("3 steps")
    board.find("why-number").fill("0")
    board.find("why-submit").click()
    expect(board.find("no-trace")).to_be_visible()
    board.go("calls/99.9")
    expect(board.find("no-trace")).to_be_visible()


def test_a_client_is_woken_step_by_step(fake, open_dashboard):
    board = open_dashboard(fake, "registrations/4.1")
    board.find("wake").click()
    expect(board.find("wake-result")).to_contain_text("The client is back.")
    expect(board.find("wake-result")).to_contain_text("+5.21 s")
    board.go("registrations/77.7")
    expect(board.find("gone")).to_contain_text("no such registration")
    expect(board.find("wake")).to_be_hidden()


def test_a_failure_of_one_method_is_told(fake, open_dashboard):
    def refuse(_):
        raise Refused(-32603, "Internal error")

    fake.calls_terminate = refuse
    board = open_dashboard(fake, "calls/12.1")
    board.find("call-terminate").click()
    board.confirm()
    expect(board.find("notice-text")).to_have_text("Internal error")
    expect(board.find("announcement")).to_have_text("Internal error")
    board.find("notice-close").click()
    expect(board.find("notice")).to_be_hidden()


def test_what_is_wrong_stands_on_top(fake, open_dashboard):
    fake.draining = True
    fake.running_is_file = False
    fake.plugins[1]["health"] = {"status": "failed", "since": at(3), "problem": "the key was refused"}
    board = open_dashboard(fake)
    wrong = board.find("wrong")
    expect(wrong).to_have_attribute("data-state", "failed")
    expect(wrong).to_contain_text("4 things are wrong")
    expect(wrong).to_contain_text("the key was refused")
    expect(board.find("state")).to_have_text("Draining")


def test_a_story_by_keyboard_alone(fake, open_dashboard):
    """From the log-in to a call that is ended, with Tab, Enter and letters."""
    board = open_dashboard(fake, token="")
    keyboard = board.page.keyboard

    def tab_to(text):
        for _ in range(60):
            keyboard.press("Tab")
            focused = board.page.evaluate(
                "(() => { const e = document.activeElement; const s = getComputedStyle(e);"
                " return [e.textContent.trim(), s.outlineStyle, s.outlineWidth]; })()"
            )
            if focused[0] == text:
                assert focused[1:] == ["solid", "3px"], f"the focus on {text} can't be seen"
                return
        pytest.fail(f"Tab does not lead to {text}")

    expect(board.find("token")).to_be_focused()
    keyboard.type(fake.token)
    keyboard.press("Enter")
    expect(board.page.locator("h1")).to_be_focused()
    # The first thing on the page leads past the rest.
    board.page.evaluate("document.activeElement.blur()")
    tab_to("Calls")
    keyboard.press("Enter")
    expect(board.find("calls-view")).to_be_visible()
    tab_to("12.1")
    keyboard.press("Enter")
    expect(board.find("call-terminate")).to_be_visible()
    tab_to("End this call")
    keyboard.press("Enter")
    expect(board.find("dialog-cancel")).to_be_focused()
    keyboard.press("Escape")
    expect(board.find("call-terminate")).to_be_focused()
    keyboard.press("Enter")
    tab_to("End the call")
    keyboard.press("Enter")
    expect(board.find("call-facts")).to_contain_text("ended")
    assert fake.asked("calls.terminate") == [{"call": "12.1"}]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system_and_can_be_read(fake, open_dashboard, screenshots, scheme):
    board = open_dashboard(fake, color_scheme=scheme).is_live()
    for name, address in VIEWS.items():
        board.go(address)
        expect(board.find(name)).to_be_visible()
        if name == "configuration-view":
            expect(board.find("editor")).to_have_value(re.compile("signaling"))
        board.page.screenshot(path=screenshots / f"admin-{name}-{scheme}.png")
    board.go("")
    expect(board.find("wrong")).to_contain_text("One thing is wrong")
    for colour, ground in (("text", "card"), ("soft", "card"), ("soft", "ground"), ("accent", "card"), ("accent", "ground"),
                           ("stop", "card"), ("ok", "card"), ("on-accent", "accent"), ("stop", "stop-ground"), ("warn", "warn-ground"),
                           ("text", "warn-ground"), ("accent", "warn-ground"), ("soft", "faint"), ("ok", "ok-ground"), ("on-stop", "stop")):  # fmt: skip
        style = "name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()"
        one, other = (luminance(board.page.evaluate(style, name)) for name in (colour, ground))
        contrast = (max(one, other) + 0.05) / (min(one, other) + 0.05)
        assert contrast >= 4.5, f"{colour} on {ground}: {contrast:.2f}"


def luminance(colour):
    """The relative luminance of `#rrggbb` (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
