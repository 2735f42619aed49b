// What dashboards/assets/cryokit.js does to a page, in a DOM of its own for each test.

const assert = require("node:assert/strict")
const fs = require("node:fs")
const path = require("node:path")
const {test} = require("node:test")
const {JSDOM} = require("jsdom")

const SCRIPT = fs.readFileSync(path.join(__dirname, "../../dashboards/assets/cryokit.js"), "utf8")
const ADDRESS = "http://127.0.0.1:5006/predict"

// A page of Panel as far as the script knows it: a document of Bokeh with a root of the class Page.
function panel_page({sidebar_open = true, dark_theme = false} = {}) {
  const listeners = []
  const page = {
    class_name: "Page",
    data: {
      sidebar_open,
      dark_theme,
      setv(values) {
        const was_dark = this.dark_theme
        Object.assign(this, values)
        if (this.dark_theme !== was_dark) { listeners.forEach((listener) => listener()) }
      },
      properties: {dark_theme: {change: {connect: (listener) => listeners.push(listener)}}},
    },
  }
  const events = new Map()
  const opened = {roots: () => [{class_name: "Other"}, page], on_event: (name, act) => events.set(name, act)}
  return {page, opened, events}
}

function open({width = 1280, prefers_dark = false, cookie, panel, answer} = {}) {
  const dom = new JSDOM("<!doctype html><body></body>", {
    url: ADDRESS,
    runScripts: "outside-only",
    pretendToBeVisual: true,
    beforeParse(window) {
      window.innerWidth = width
      window.matchMedia = (query) => ({matches: prefers_dark && query === "(prefers-color-scheme: dark)"})
      window.fetch = async () => answer
    },
  })
  if (cookie) { dom.window.document.cookie = cookie }
  if (panel) { dom.window.Bokeh = {documents: [panel.opened]} }
  dom.window.eval(SCRIPT)
  return dom.window
}

function drawn(window) { return new Promise((done) => window.setTimeout(done, 60)) }

function component(window, html) {
  const host = window.document.createElement("div")
  window.document.body.append(host)
  const root = host.attachShadow({mode: "open"})
  root.innerHTML = html
  return root
}

test("the circle that turns while a page loads stands still for people who ask for less motion", () => {
  const window = open({panel: panel_page()})
  const rules = [...window.document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
  const [less_motion] = rules.filter((rule) => rule.media?.mediaText === "(prefers-reduced-motion: reduce)")

  assert.equal(less_motion.cssRules[0].selectorText, "#loader .spinner")
  assert.equal(less_motion.cssRules[0].style.animation, "none")
})

test("what a component draws into its shadow root gets the roles that screen readers need", async (context) => {
  const window = open()
  context.after(() => window.close())
  const root = component(window, `
    <div class="tabulator-tableholder"><div class="tabulator-table"></div></div>
    <div class="tabulator-footer"><div class="tabulator-footer-contents"><span class="tabulator-paginator"></span></div></div>
    <ul role="listbox"><li role="menuitem">Tg</li></ul>`)
  await drawn(window)

  const role = (selector) => root.querySelector(selector).getAttribute("role")
  assert.equal(role(".tabulator-tableholder"), "rowgroup")
  assert.equal(role(".tabulator-table"), "presentation")
  assert.equal(role(".tabulator-footer-contents"), "row")
  assert.equal(role(".tabulator-paginator"), "gridcell")
  assert.equal(role("li"), "option")
})

test("what is drawn later is amended too, and a label that is there stays", async (context) => {
  const window = open()
  context.after(() => window.close())
  const root = component(window, "")
  await drawn(window)
  root.innerHTML = `<i role="progressbar"></i><b role="progressbar" aria-label="training"></b>`
  await drawn(window)

  assert.equal(root.querySelector("i").getAttribute("aria-label"), "busy")
  assert.equal(root.querySelector("b").getAttribute("aria-label"), "training")
})

test("outside of lists a menu item stays one", async (context) => {
  const window = open()
  context.after(() => window.close())
  const root = component(window, `<ul role="menu"><li role="menuitem">Sign out</li></ul>`)
  await drawn(window)

  assert.equal(root.querySelector("li").getAttribute("role"), "menuitem")
})

for (const [width, is_open] of [[1280, true], [900, true], [899, false], [390, false]]) {
  test(`the drawer is ${is_open ? "open" : "closed"} in a window of ${width} pixels`, (context) => {
    const panel = panel_page({sidebar_open: !is_open})
    const window = open({width, panel})
    context.after(() => window.close())

    assert.equal(panel.page.data.sidebar_open, is_open)
  })
}

test("a system in the dark gets a dark page, and that is remembered", (context) => {
  const panel = panel_page()
  const window = open({prefers_dark: true, panel})
  context.after(() => window.close())

  assert.equal(panel.page.data.dark_theme, true)
  assert.equal(window.document.documentElement.style.colorScheme, "dark")
})

test("a theme that somebody chose is stronger than that of the system", (context) => {
  const panel = panel_page()
  const window = open({prefers_dark: true, cookie: "cryokit_theme=light", panel})
  context.after(() => window.close())

  assert.equal(panel.page.data.dark_theme, false)
  assert.equal(window.document.documentElement.style.colorScheme, "light")
})

test("choosing a theme writes it down", (context) => {
  const panel = panel_page()
  const window = open({panel})
  context.after(() => window.close())
  panel.page.data.setv({dark_theme: true})
  assert.match(window.document.cookie, /cryokit_theme=dark/)
  panel.page.data.setv({dark_theme: false})

  assert.match(window.document.cookie, /cryokit_theme=light/)
})

test("a page that Panel draws late is settled when it is there", async (context) => {
  const window = open({width: 390})
  context.after(() => window.close())
  const panel = panel_page({sidebar_open: true})
  window.Bokeh = {documents: [panel.opened]}
  await new Promise((done) => setTimeout(done, 200))

  assert.equal(panel.page.data.sidebar_open, false)
  assert.ok(panel.events.has("connection_lost"))
})

// jsdom goes nowhere, but says that it was asked to.
for (const [type, leaves] of [["opaqueredirect", true], ["basic", false]]) {
  test(`when the connection is lost and the page answers ${type}, it is ${leaves ? "" : "not "}loaded again`, async (context) => {
    const panel = panel_page()
    const window = open({panel, answer: {type}})
    context.after(() => window.close())
    const asked = []
    window._virtualConsole.on("jsdomError", (error) => asked.push(error.message))
    await panel.events.get("connection_lost")()

    assert.equal(asked.some((message) => message.includes("navigation")), leaves)
  })
}
