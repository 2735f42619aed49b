// A dialog in which a molecule is drawn. The editor is a page of its own in a frame, which tells what is drawn.

const EDITOR = "/assets/jsme/editor.html"
const HOST = "drawing"
const PATIENCE_MILLISECONDS = 20_000
const DIALOG = `
  <link rel="stylesheet" href="/assets/cryokit.css">
  <dialog class="drawing" aria-labelledby="title" autofocus>
    <h2 id="title">Draw a molecule</h2>
    <iframe title="Structure editor"></iframe>
    <p role="status">Loading the editor ...</p>
    <div class="buttons">
      <button type="button" class="leave">Cancel</button>
      <button type="button" class="add" disabled>Add to the list</button>
    </div>
  </dialog>`

export function last_line(text) { return text.trim().split("\n").at(-1).trim() }

export function joined(text, smiles) { return `${text.trimEnd()}\n${smiles}`.trimStart() }

// The component of a Bokeh document that has a tag; its data has tags too, but no data of its own.
export function tagged(document, tag) {
  return [...document.all_models].find((model) => model.data && model.tags.includes(tag))
}

// `field` is the Bokeh model of the text area that holds one SMILES on each line.
export function draw(field) {
  if (document.getElementById(HOST)) { return } // a second click while this module was loaded
  const host = document.createElement("div")
  host.id = HOST
  const root = host.attachShadow({mode: "open"})
  root.innerHTML = DIALOG
  const [dialog, frame, status, add] = ["dialog", "iframe", "[role=status]", ".add"].map((at) => root.querySelector(at))
  const late = setTimeout(() => {
    status.textContent = "The editor does not load. Close this window and try again, or write the SMILES."
  }, PATIENCE_MILLISECONDS)
  let drawn = ""

  function hear(event) {
    if (event.source !== frame.contentWindow || event.origin !== window.location.origin) { return }
    if (event.data.is_left) { dialog.close(); return }
    clearTimeout(late)
    drawn = event.data.smiles
    add.disabled = !drawn
    status.textContent = drawn ? `Drawn: ${drawn}` : "Choose a bond, a ring or an atom, then click or tap on the canvas."
  }

  function end() {
    clearTimeout(late)
    window.removeEventListener("message", hear)
    host.remove()
  }

  window.addEventListener("message", hear)
  dialog.addEventListener("close", end)
  root.querySelector(".leave").addEventListener("click", () => dialog.close())
  add.addEventListener("click", () => {
    const lines = joined(field.data.value_input ?? "", drawn)
    field.data.setv({value_input: lines, value: lines})
    dialog.close()
  })
  frame.src = `${EDITOR}#${encodeURIComponent(last_line(field.data.value_input ?? ""))}`
  document.body.append(host)
  dialog.showModal()
}
