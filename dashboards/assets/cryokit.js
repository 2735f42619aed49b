// What the page's components leave open: roles that screen readers need, a drawer that fits the window, the theme.

// Selector -> attributes. Tabulator puts its pager and its scroll holder inside the grid without roles of a grid;
// Material UI's select calls its options menu items, and its page has an empty heading and nameless circles on busy buttons.
const AMENDMENTS = [
  ["[role=progressbar]:not([aria-label])", {"aria-label": "busy"}],
  [".MuiToolbar-root > h5.MuiTypography-h5", {"aria-hidden": "true"}],
  [".tabulator-tableholder", {role: "rowgroup", "aria-label": "rows"}],
  [".tabulator-table", {role: "presentation"}],
  [".tabulator-responsive-collapse", {role: "gridcell"}],
  [".tabulator-footer", {role: "rowgroup"}],
  [".tabulator-footer-contents", {role: "row"}],
  [".tabulator-paginator", {role: "gridcell"}],
  [".tabulator-col.empty", {"aria-hidden": "true"}],
  ["[role=listbox] > [role=menuitem]", {role: "option"}],
]

function amend(root) {
  for (const [selector, attributes] of AMENDMENTS) {
    for (const element of root.querySelectorAll(selector)) {
      for (const [name, value] of Object.entries(attributes)) {
        if (element.getAttribute(name) !== value) { element.setAttribute(name, value) }
      }
    }
  }
}

function watch(root) {
  let is_planned = false
  new MutationObserver(() => {
    if (is_planned) { return }
    is_planned = true
    requestAnimationFrame(() => { is_planned = false; amend(root) })
  }).observe(root, {childList: true, subtree: true})
}

// Every component draws into a shadow root of its own, which an observer of the document does not see.
const attach_shadow = Element.prototype.attachShadow
Element.prototype.attachShadow = function (init) {
  const root = attach_shadow.call(this, init)
  watch(root)
  return root
}

// While a page loads a circle turns over all of it, drawn anew for each frame: not for people who ask for less motion.
const STILL = "@media (prefers-reduced-motion: reduce) { #loader .spinner { animation: none !important } }"
document.head.append(Object.assign(document.createElement("style"), {textContent: STILL}))

const WIDE_PIXELS = 900
const YEAR_SECONDS = 365 * 24 * 3600

function page_model() {
  const roots = (window.Bokeh?.documents ?? []).flatMap((document) => document.roots())
  return roots.find((root) => root.class_name === "Page")
}

function has_chosen_theme() {
  return document.cookie.split("; ").some((item) => item.startsWith("cryokit_theme="))
}

function remember(is_dark) {
  document.cookie = `cryokit_theme=${is_dark ? "dark" : "light"}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`
  document.documentElement.style.colorScheme = is_dark ? "dark" : "light"
}

function settle(page) {
  const is_wide = window.innerWidth >= WIDE_PIXELS
  if (page.data.sidebar_open !== is_wide) { page.data.setv({sidebar_open: is_wide}) }
  if (!has_chosen_theme() && window.matchMedia("(prefers-color-scheme: dark)").matches) {
    page.data.setv({dark_theme: true})
  }
  document.documentElement.style.colorScheme = page.data.dark_theme ? "dark" : "light"
  page.data.properties.dark_theme.change.connect(() => remember(page.data.dark_theme))
}

function settle_when_drawn(rounds) {
  const page = page_model()
  if (page) { settle(page) } else if (rounds > 0) { setTimeout(() => settle_when_drawn(rounds - 1), 50) }
}

settle_when_drawn(600)

// The server closes a page's connection when its login is over: then the login page is the place to be.
async function leave_unless_signed_in() {
  const answer = await fetch(location.href, {method: "GET", redirect: "manual"})
  if (answer.type === "opaqueredirect") { location.reload() }
}

function follow_the_login(rounds) {
  const opened = window.Bokeh?.documents?.[0]
  if (opened) {
    opened.on_event("connection_lost", () => leave_unless_signed_in().catch(() => {}))
  } else if (rounds > 0) { setTimeout(() => follow_the_login(rounds - 1), 50) }
}

follow_the_login(600)
