"""What the page says when something is refused, and how it comes back when something is lost."""

import json

import pytest

from phone import NUMBERS, connect
from relay import Relay


@pytest.fixture
def relay(server):
    relay = Relay(server.port)
    yield relay
    relay.close()


def test_wrong_password_shows_both_possible_causes(open_phone):
    phone = open_phone()
    phone.enter("alice", "wrong")
    phone.until_shown("error", "wrong user name or password, or no connection")
    phone.until_shown("error", "The server does answer web requests")
    assert phone.state["registration"] == "loggedOut"

    phone.log_in("alice")
    assert not phone.page.get_by_test_id("error").is_visible()


def test_no_connection_shows_both_possible_causes(open_phone, relay):
    phone = open_phone(url=relay.url)
    relay.pull()
    phone.enter("alice")
    phone.until_shown("error", "wrong user name or password, or no connection")
    phone.until_shown("error", "does not answer web requests either")

    relay.plug_in()
    phone.log_in("alice")


def test_user_without_account(open_phone):
    phone = open_phone()
    phone.page.get_by_test_id("login-user").select_option("")
    phone.page.get_by_test_id("login-username").fill("mallory")
    phone.press("login-submit")
    phone.until_shown("error", "wrong user name or password")


def test_two_people_in_one_browser(open_phone, new_context):
    """Chromium remembers one log-in for each host; the one in the socket's address goes first."""
    context = new_context()
    alice, bob = open_phone("alice", context=context), open_phone("bob", context=context)
    assert alice.state["number"] == NUMBERS["alice"] and bob.state["number"] == NUMBERS["bob"]
    connect(alice, bob, "alice", "bob")
    alice.page.reload()
    alice.until_call("bob", "active")
    alice.until_audio_flows()


def test_refused_microphone_costs_no_call(open_phone, new_context):
    context = new_context()
    context.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"
    )
    alice, bob = open_phone("alice", context=context), open_phone("bob")
    alice.dial("bob")
    alice.until_shown("error", "The microphone was refused.")
    alice.until("demo.state.calls.length === 0")

    bob.dial("alice")
    alice.until_shown("incoming")
    alice.page.get_by_test_id("error-close").click()
    alice.answer()
    alice.until_shown("error", "The microphone was refused.")
    bob.until_call("alice", "ringing")  # not answered: the person may allow it and try again
    alice.press("incoming-reject")
    bob.until_ended("rejected")


def test_lost_socket_is_restored_and_the_sound_never_stops(open_phone, relay):
    alice, bob = open_phone("alice", url=relay.url), open_phone("bob")
    connect(alice, bob, "alice", "bob")
    before = alice.page.evaluate("demo.stats()")["packetsReceived"]

    relay.cut()
    alice.until("demo.state.registration === 'reconnecting'")
    alice.until("demo.state.registration === 'registered'")
    alice.until_call("bob", "active")
    assert alice.page.evaluate("demo.stats()")["packetsReceived"] > before, "the same RTCPeerConnection"
    alice.until_audio_flows()
    alice.press("call-hold")
    bob.until_call("alice", "holding")


def test_call_ended_by_the_other_side_while_the_line_was_cut(open_phone, relay):
    alice, bob = open_phone("alice", url=relay.url), open_phone("bob")
    connect(alice, bob, "alice", "bob")
    relay.pull()
    alice.until("demo.state.registration === 'reconnecting'")
    bob.press("call-hangup")
    bob.until_ended("normal")
    relay.plug_in()
    alice.until("demo.state.registration === 'registered'", limit=40)
    alice.until("demo.state.calls.length === 0 && demo.state.ended.length === 1")


def test_hang_up_while_the_line_is_cut_is_made_good(open_phone, relay):
    alice, bob = open_phone("alice", url=relay.url), open_phone("bob")
    connect(alice, bob, "alice", "bob")
    relay.pull()
    alice.until("demo.state.registration === 'reconnecting'")
    alice.press("call-hangup")
    relay.plug_in()
    alice.until("demo.state.registration === 'registered'", limit=40)
    alice.until_ended("normal")
    bob.until_ended("normal")


def remembering(user):
    """Makes the tab believe that it had a registration, which the server does not know."""
    kept = json.dumps({"identifier": "a-registration-nobody-knows", "username": user})
    return f"sessionStorage.setItem('anynode-demo', {json.dumps(kept)})"


def test_failed_restore_falls_back_to_one_log_in(open_phone):
    alice = open_phone("alice")
    alice.page.evaluate(remembering("alice"))
    alice.page.reload()
    alice.until("window.demo?.state.registration === 'registered'")
    assert alice.state["number"] == NUMBERS["alice"]


def test_restarted_server_is_found_again(open_phone, start_server, server, relay):
    """The new server knows nothing of the old registration: refused restore, then a log-in, all by itself."""
    alice = open_phone("alice", url=relay.url)
    assert server.stop() == 0
    alice.until("demo.state.registration === 'reconnecting'")
    relay.lead_to(start_server().port)
    alice.until("demo.state.registration === 'registered'", limit=60)
    assert alice.state["number"] == NUMBERS["alice"]
    bob = open_phone("bob", url=relay.url)
    connect(alice, bob, "alice", "bob")


def test_failed_restore_and_log_in_asks_for_the_password(open_phone, new_context):
    context = new_context()
    context.add_init_script(remembering("mallory"))
    phone = open_phone(context=context)
    phone.until_shown("error", "Please log in again.")
    phone.until_shown("login")
    assert phone.page.get_by_test_id("login-username").input_value() == "mallory"


def test_taken_over_registration_is_not_fought_for(open_phone, new_context):
    """A duplicated tab has the same sessionStorage: the newer one wins, the older one stays logged out."""
    context = new_context()
    first = open_phone("alice", context=context)
    kept = first.page.evaluate("sessionStorage.getItem('anynode-demo')")
    context.add_init_script(f"sessionStorage.setItem('anynode-demo', {kept!r})")
    second = open_phone(context=context)
    second.until("demo.state.registration === 'registered'")
    first.until("demo.state.registration === 'loggedOut'")
    first.until_shown("error", "taken over by another window")
    assert second.state["registration"] == "registered"


def test_log_out_ends_registration_and_calls(open_phone):
    alice, bob = open_phone("alice"), open_phone("bob")
    connect(alice, bob, "alice", "bob")
    alice.press("logout")
    alice.until("demo.state.registration === 'loggedOut'")
    bob.until("demo.state.calls.length === 0")
    alice.page.reload()
    alice.until_shown("login")


def test_secrets_stay_out_of_the_log(open_phone):
    alice = open_phone("alice")
    identifier = alice.page.evaluate("JSON.parse(sessionStorage.getItem('anynode-demo')).identifier")
    log = alice.page.evaluate("document.querySelector('[data-testid=log]').textContent")
    assert identifier not in log and identifier[:8] in log and "demo@" not in log
