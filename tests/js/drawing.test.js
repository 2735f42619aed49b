// What dashboards/assets/drawing.mjs does with the editor's messages, in a DOM of its own for each test.

const assert = require("node:assert/strict")
const path = require("node:path")
const {test} = require("node:test")
const {JSDOM} = require("jsdom")

const MODULE = path.join(__dirname, "../../dashboards/assets/drawing.mjs")
const ORIGIN = "http://127.0.0.1:5006"

// The text area's model as far as the module knows it.
function text_area(text) {
  return {data: {value_input: text, value: text, setv(values) { Object.assign(this, values) }}}
}

async function opened(context, text = "") {
  const {window} = new JSDOM("<!doctype html><body></body>", {url: `${ORIGIN}/`, pretendToBeVisual: true})
  // jsdom has dialogs without their methods.
  window.HTMLDialogElement.prototype.showModal = function () { this.open = true }
  window.HTMLDialogElement.prototype.close = function () {
    this.open = false
    this.dispatchEvent(new window.Event("close"))
  }
  Object.assign(globalThis, {window, document: window.document})
  const field = text_area(text)
  const {draw} = await import(MODULE)
  draw(field)
  const root = window.document.body.lastElementChild.shadowRoot
  const frame = root.querySelector("iframe")
  // jsdom loads no frames, so this one has no window yet.
  Object.defineProperty(frame, "contentWindow", {value: new JSDOM("").window})
  function tell(data, {source = frame.contentWindow, origin = ORIGIN} = {}) {
    window.dispatchEvent(new window.MessageEvent("message", {data, source, origin}))
  }
  context.after(() => {
    tell({is_left: true}) // an open dialog waits for its editor for a while, and the process with it
    window.close()
    delete globalThis.window
    delete globalThis.document
  })
  return {window, field, root, frame, tell, add: root.querySelector(".add"), status: root.querySelector("[role=status]")}
}

test("what is drawn becomes a line of its own, for the page and for the server", async (context) => {
  const {window, field, tell, add} = await opened(context, "OCC(O)CO\n")
  tell({smiles: "CCO"})
  add.click()

  assert.equal(field.data.value_input, "OCC(O)CO\nCCO")
  assert.equal(field.data.value, "OCC(O)CO\nCCO")
  assert.equal(window.document.body.childElementCount, 0)
})

test("into an empty field goes what is drawn and nothing else", async (context) => {
  const {field, tell, add} = await opened(context, "")
  tell({smiles: "C"})
  tell({smiles: "CC"})
  add.click()

  assert.equal(field.data.value, "CC")
})

test("drawing begins with the last line that says something", async (context) => {
  const {frame} = await opened(context, "CO\n  OC[C@H](O)C#N  \n\n")

  assert.equal(frame.src, `${ORIGIN}/assets/jsme/editor.html#${encodeURIComponent("OC[C@H](O)C#N")}`)
})

test("a second click opens no second dialog", async (context) => {
  const {window, field, root} = await opened(context)
  const {draw} = await import(MODULE)
  draw(field)
  assert.equal(window.document.body.childElementCount, 1)
  root.querySelector(".leave").click()
  draw(field)
  const again = window.document.body.lastElementChild

  assert.notEqual(again.shadowRoot, root)
  again.shadowRoot.querySelector(".leave").click()
})

test("nothing can be added before something is drawn, or when all is erased", async (context) => {
  const {tell, add, status} = await opened(context)
  assert.equal(add.disabled, true)
  tell({smiles: "CC"})
  assert.equal(add.disabled, false)
  assert.equal(status.textContent, "Drawn: CC")
  tell({smiles: ""})

  assert.equal(add.disabled, true)
})

for (const [what, from] of [["another host", {origin: "http://elsewhere.example"}], ["another window", {source: new JSDOM("").window}]]) {
  test(`a message of ${what} is not heard`, async (context) => {
    const {tell, add, status} = await opened(context)
    tell({smiles: "CC"}, from)

    assert.equal(add.disabled, true)
    assert.equal(status.textContent, "Loading the editor ...")
  })
}

test("what is drawn is never markup", async (context) => {
  const {tell, status} = await opened(context)
  tell({smiles: "<img src=x>"})

  assert.equal(status.childElementCount, 0)
})

for (const [what, leave] of [
  ["the escape key in the frame", ({tell}) => tell({is_left: true})],
  ["Cancel", ({root}) => root.querySelector(".leave").click()],
]) {
  test(`${what} closes the dialog and leaves the field as it was`, async (context) => {
    const page = await opened(context, "CO")
    page.tell({smiles: "CC"})
    leave(page)

    assert.equal(page.field.data.value, "CO")
    assert.equal(page.window.document.body.childElementCount, 0)
  })
}

test("the field is found by its tag", async () => {
  const {tagged} = await import(MODULE)
  const [field, its_data, other] = [{tags: ["lines"], data: {}}, {tags: ["lines"]}, {tags: [], data: {}}]

  assert.equal(tagged({all_models: new Set([other, its_data, field])}, "lines"), field)
})
