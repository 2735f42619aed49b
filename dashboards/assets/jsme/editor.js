// Tells the page around the frame what is drawn. That page gives the structure to begin with behind the '#'.

function tell(said) { window.parent.postMessage(said, window.location.origin) }

const WIDE_PIXELS = 600 // where there is room, the tools are half as large again

// The name is JSME's: it calls this function when it is ready.
function jsmeOnLoad() {
  const editor = new JSApplet.JSME("editor", "100%", "100%", {options: "nostar,noquery,noreaction"})
  editor.setCallBack("AfterStructureModified", (event) => tell({smiles: event.src.smiles()}))
  if (window.innerWidth >= WIDE_PIXELS) { editor.setMenuScale(1.5) }
  tell({smiles: ""})
  const first = decodeURIComponent(window.location.hash.slice(1))
  if (first) { editor.readGenericMolecularInput(first) } // what it cannot read leaves the canvas empty
}

// The editor takes keys and pasted text in fields that nobody sees, some made later; screen readers need their names.
new MutationObserver(() => {
  for (const field of document.querySelectorAll("input:not([aria-label]), textarea:not([aria-label])")) {
    field.removeAttribute("role")
    field.setAttribute("aria-label", "Text for the structure editor")
  }
}).observe(document, {childList: true, subtree: true})

// Keys that are pressed in a frame do not reach the page around it; the editor itself would take this one as a click.
window.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    event.stopImmediatePropagation()
    tell({is_left: true})
  }
}, true)
