"""The report in a real browser: it sorts, it switches neurons, and it asks nobody for anything."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from report_sessions import MARKUP, fitted_session

from rheobase.batch.report import write_report

sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def browser_path():
    """A Chromium that is installed, or skip the test with the reason."""
    found = os.environ.get("RHEOBASE_CHROMIUM") or next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None or not Path(found).exists():
        pytest.skip("no chromium is installed (set RHEOBASE_CHROMIUM to one)")
    return found


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    return fitted_session(tmp_path_factory.mktemp("recording"))


@pytest.fixture(scope="module")
def report(fitted, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(fitted, path)
    return path.as_uri()


@pytest.fixture(scope="module")
def browser():
    path = browser_path()
    with sync.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def opened(browser, report):
    """A function that opens the report; afterwards nothing was complained of, and nothing asked for."""
    said, asked, contexts = [], [], []

    def open_page(hash_="", width=1280, height=900, **context):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **context))
        page = contexts[-1].new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(report + hash_)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
    assert all(url.partition("#")[0] == report or url.startswith("data:") for url in asked)


def units(page):
    return page.locator("#table tbody tr:visible th").all_inner_texts()


def pictures(page):
    return page.locator("#neuron-pictures").inner_html()


def test_sorting(opened, fitted):
    page = opened()
    by_number = fitted.scores["unit"].astype(str).tolist()
    scores = fitted.scores["pseudo_r2"].to_numpy()
    assert units(page) == by_number
    head = page.locator('th[data-column="pseudo_r2"]')
    assert head.get_attribute("aria-sort") == "none"
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert units(page) == [by_number[k] for k in np.argsort(-scores)]
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert units(page) == [by_number[k] for k in np.argsort(scores)]
    page.locator('th[data-column="area"] button').click()
    assert head.get_attribute("aria-sort") == "none"
    assert units(page)[0] == "0"  # the markup comes before "ca1"


def test_what_is_not_defined_is_sorted_last(opened):
    page = opened()
    cells = 'th[data-column="pseudo_r2"]'
    page.evaluate("document.querySelector('tr[data-neuron=\"2\"]').cells[1].dataset.value = ''")
    for _ in range(2):
        page.locator(f"{cells} button").click()
        assert units(page)[-1] == "2"


def test_every_neuron_has_its_own_pictures(opened):
    page = opened()
    seen = [pictures(page)]
    for unit in ("1", "2", "3"):
        page.locator("#table tbody th", has_text=unit).click()
        assert page.locator("#neuron-name").inner_text() == f"Neuron {unit}"
        assert page.url.endswith(f"#unit={unit}")
        assert page.locator("#table tr[aria-current=true] th").inner_text() == unit
        seen.append(pictures(page))
    assert len(set(seen)) == 4
    headings = page.locator("#neuron-pictures h3").all_inner_texts()
    assert headings[:3] == ["Tuning to angle", "Rate over place, measured", "Rate over place, predicted"]
    assert {"Effect of angle", "After its own spike", "After spikes of others", "Timing of spikes (KS plot)"} < set(
        headings
    )
    assert page.locator("#neuron-pictures .band").count() >= 4
    assert page.locator("#neuron-pictures image").count() == 8  # four maps with their colour bars


def test_keys_and_buttons_follow_the_table(opened, fitted):
    page = opened()
    page.locator('th[data-column="pseudo_r2"] button').click()
    order = fitted.scores.sort_values("pseudo_r2", ascending=False)["unit"].astype(str).tolist()
    place = order.index("0")
    page.keyboard.press("ArrowRight")
    assert page.locator("#neuron-name").inner_text() == f"Neuron {order[(place + 1) % 4]}"
    page.keyboard.press("k")
    assert page.locator("#neuron-name").inner_text() == "Neuron 0"
    page.locator("#next").click()
    page.locator("#next").click()
    assert page.locator("#neuron-name").inner_text() == f"Neuron {order[(place + 2) % 4]}"
    page.locator("#find").fill("script")
    assert units(page) == ["0"]
    page.keyboard.press("j")  # typed into the field, not a step
    assert page.locator("#find").input_value() == "scriptj"


def test_a_link_opens_a_neuron(opened):
    page = opened("#unit=3")
    assert page.locator("#neuron-name").inner_text() == "Neuron 3"
    page.evaluate("location.hash = 'unit=1'")
    sync.expect(page.locator("#neuron-name")).to_have_text("Neuron 1")
    page.evaluate("location.hash = 'unit=%E0%A4%A'")  # neither a unit nor an escape
    assert page.locator("#neuron-name").inner_text() == "Neuron 1"


def test_points_and_map_choose_neurons(opened):
    page = opened()
    page.locator('#population-pictures .point[data-neuron="2"]').click()
    assert page.locator("#neuron-name").inner_text() == "Neuron 2"
    page.locator("#population-pictures figure", has_text="Coupling map").locator("svg[role=img]").click()
    assert page.locator("#neuron-name").inner_text() in {"Neuron 1", "Neuron 2"}


def test_markup_is_shown_as_text(opened):
    page = opened()
    assert page.locator('#table tr[data-neuron="0"] td').last.inner_text() == MARKUP
    assert MARKUP in page.locator("#neuron-facts").inner_text()
    assert page.locator("script").count() == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(opened, scheme):
    page = opened("#unit=2", width=390, height=844, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    inside = "[...document.querySelectorAll('.chart svg')].every(s => s.getBoundingClientRect().right <= 390)"
    assert page.evaluate(inside)
    light = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert light == (scheme == "light")


def test_pictures_follow_the_width(opened):
    page = opened(width=1280)
    picture = page.locator(".wide svg[role=img]").first
    before = picture.get_attribute("width")
    page.set_viewport_size({"width": 500, "height": 900})
    sync.expect(picture).not_to_have_attribute("width", before)
    assert float(picture.get_attribute("width")) < 500
