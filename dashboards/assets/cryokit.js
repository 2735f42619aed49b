// What the page's components leave open: the drawer fits the window, the theme is remembered.
(() => {
  const WIDE = 900
  const YEAR_SECONDS = 365 * 24 * 3600

  function page_model() {
    const roots = (window.Bokeh?.documents ?? []).flatMap((document) => document.roots())
    return roots.find((root) => root.class_name === "Page")
  }

  function theme_chosen() {
    return document.cookie.split("; ").find((item) => item.startsWith("cryokit_theme="))
  }

  function remember(is_dark) {
    document.cookie = `cryokit_theme=${is_dark ? "dark" : "light"}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`
    document.documentElement.style.colorScheme = is_dark ? "dark" : "light"
  }

  function settle(page) {
    const is_wide = window.innerWidth >= WIDE
    if (page.data.sidebar_open !== is_wide) { page.data.setv({sidebar_open: is_wide}) }
    if (!theme_chosen() && window.matchMedia("(prefers-color-scheme: dark)").matches) {
      page.data.setv({dark_theme: true})
    }
    document.documentElement.style.colorScheme = page.data.dark_theme ? "dark" : "light"
    page.data.properties.dark_theme.change.connect(() => remember(page.data.dark_theme))
  }

  function wait(rounds) {
    const page = page_model()
    if (page) { settle(page) } else if (rounds > 0) { setTimeout(() => wait(rounds - 1), 50) }
  }
  wait(600)
})()
