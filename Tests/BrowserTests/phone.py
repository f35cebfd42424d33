"""The demo page as a person uses it, with waiting that ends.

The page's Content-Security-Policy forbids `eval`, and Playwright's `wait_for_function` needs it for every look but the
first. So the look is repeated from here: `evaluate` goes through the debugger, which the policy does not bind.
"""

import json
import time

NUMBERS = {"alice": "4953638195123", "bob": "4953638195999", "carol": "4953638195777"}
LIMIT = 20
LOOK = 50  # ms between two looks
SOME_PACKETS = 25  # half a second of speech


class Phone:
    def __init__(self, page, url):
        self.page = page
        self.url = url
        self.script_errors = []
        page.on("pageerror", lambda error: self.script_errors.append(str(error)))
        page.on("console", self._on_console)

    def _on_console(self, message):
        # Refused and lost sockets are reported by the browser itself, and are what some tests are about.
        if message.type == "error" and not any(part in message.text for part in ("WebSocket connection to", "ERR_")):
            self.script_errors.append(message.text)

    # What a person does

    def open(self):
        self.page.goto(self.url)

    def enter(self, user, password="demo"):
        self.page.get_by_test_id("login-user").select_option(user)
        self.page.get_by_test_id("login-password").fill(password)
        self.press("login-submit")

    def log_in(self, user, password="demo"):
        self.enter(user, password)
        self.until("demo.state.registration === 'registered'")

    def dial(self, user_or_number):
        self.page.get_by_test_id("dial-input").fill(NUMBERS.get(user_or_number, user_or_number))
        self.press("dial-submit")

    def answer(self):
        self.press("incoming-answer")

    def press(self, name):
        self.page.get_by_test_id(name).click(timeout=LIMIT * 1000)

    def press_in_call(self, user, name):
        self.card(user).get_by_test_id(name).click(timeout=LIMIT * 1000)

    def card(self, user):
        """The card of the call with that user."""
        identifier = self.page.evaluate(
            "number => demo.state.calls.find((call) => call.remote.dialString === number)?.identifier", NUMBERS[user]
        )
        assert identifier, f"no call with {user}: {self.state}"
        return self.page.locator(f"[data-testid=call][data-call='{identifier}']")

    # What a person sees

    @property
    def state(self):
        return self.page.evaluate("demo.state")

    def text(self, name):
        return self.page.get_by_test_id(name).inner_text()

    def until(self, expression, limit=LIMIT):
        """Waits until the JavaScript expression is true on the page."""
        return self._until(lambda: self.page.evaluate(expression), expression, limit)

    def until_shown(self, name, text="", limit=LIMIT):
        place = self.page.get_by_test_id(name)

        def shows():
            return place.count() and place.first.is_visible() and text in place.first.inner_text()

        return self._until(shows, f"{name} shows {text!r}", limit)

    def until_call(self, user, state, limit=LIMIT):
        """Waits until there is a call with that user in that state."""
        number = NUMBERS[user]
        self.until(
            f"demo.state.calls.some((call) => call.remote.dialString === '{number}' && call.state === '{state}')", limit
        )

    def until_ended(self, reason, limit=LIMIT):
        """Waits until no call is left and the last one ended for that reason."""
        self.until(f"demo.state.calls.length === 0 && demo.state.ended[0]?.reason === '{reason}'", limit)

    # What the browser counts

    def until_audio_flows(self, limit=LIMIT):
        """Packets go out and come in *from now on*; a new RTCPeerConnection counts from zero."""
        start = None

        def flows():
            nonlocal start
            now = self.page.evaluate("demo.stats()")
            sent, received = now["packetsSent"], now["packetsReceived"]
            if start is None or sent < start[0] or received < start[1]:
                start = (sent, received)
            return sent - start[0] >= SOME_PACKETS and received - start[1] >= SOME_PACKETS and now

        counts = self._until(flows, "audio flows both ways", limit)
        assert all(call["repairs"] == 0 for call in self.state["calls"]), "the page had to mend the audio by itself"
        return counts

    def until_audio_pauses(self, limit=LIMIT, quiet=1.0):
        """For a whole second no packet goes out and none comes in."""
        last, since = None, time.monotonic()

        def pauses():
            nonlocal last, since
            now = self.page.evaluate("demo.stats()")
            counts = (now["packetsSent"], now["packetsReceived"])
            if counts != last:
                last, since = counts, time.monotonic()
            return time.monotonic() - since >= quiet

        self._until(pauses, "audio pauses", limit)

    def _until(self, look, what, limit):
        deadline = time.monotonic() + limit
        while True:
            seen = look()
            if seen:
                return seen
            if time.monotonic() > deadline:
                raise AssertionError(f"not in {limit} s: {what}\n{json.dumps(self.state, indent=2)}")
            self.page.wait_for_timeout(LOOK)

    def description(self):
        """For the report of a failed test."""
        try:
            log = self.page.locator("[data-testid=log] > li").all_inner_texts()
            notices = [self.page.get_by_test_id(name).inner_text() for name in ("notice", "error")]
            return "\n".join([json.dumps(self.state, indent=2), *notices, *(" ".join(line.split()) for line in log)])
        except Exception as error:  # the page may be gone
            return f"{error}"


def connect(caller, callee, caller_name, callee_name):
    """Calls and answers, and waits until each hears the other."""
    caller.dial(callee_name)
    callee.until_shown("incoming")
    callee.answer()
    caller.until_call(callee_name, "active")
    callee.until_call(caller_name, "active")
    caller.until_audio_flows()
    callee.until_audio_flows()
