// The keys of the queue, in a list and on the page of an event. All that they do, the forms of the pages do as well.

/** The states that keys give on the page of an event. */
const states = { c: "confirmed", f: "false_positive", i: "ignored" };

/** Where the browser keeps that its user wants no keys: those who dictate, or type by accident. */
const off = "typoguard-keys-off";

/** Calls the action of a key when it is pressed outside of fields. */
export function onKeys(actions) {
  const help = document.getElementById("keys");
  const button = document.getElementById("help");
  const on = document.getElementById("keys-on");
  on.checked = !localStorage.getItem(off);
  on.addEventListener("change", () => (on.checked ? localStorage.removeItem(off) : localStorage.setItem(off, "1")));
  button.hidden = false;
  button.addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const field = event.target.closest("textarea, select, input:not([type=checkbox], [type=radio])");
    if (field) {
      if (event.key === "Escape") actions.leave?.(field);
      return;
    }
    if (!on.checked) return;
    if (event.key === "?") help.open ? help.close() : help.showModal();
    else if (!help.open && Object.hasOwn(actions, event.key) && event.key.length === 1) actions[event.key]();
    else return;
    event.preventDefault();
  });
}

/** The actions on the page of an event. */
export function eventActions(form) {
  const follow = (selector) => document.querySelector(selector)?.click();
  const decide = (key) => () => {
    const state = form.querySelector(`input[name=state][value=${states[key]}]`);
    if (!state) return;
    state.checked = true;
    const all = form.querySelector("input[name=all]");
    if (all) all.checked = true;
    form.querySelector("button[name=then]").click();
  };
  return {
    j: () => follow("a[rel=next]"),
    k: () => follow("a[rel=prev]"),
    l: () => follow("#to-list"),
    u: () => follow(".undo"),
    n: () => form.querySelector("textarea").focus(),
    leave: (field) => field.blur(),
    ...Object.fromEntries(Object.keys(states).map((key) => [key, decide(key)])),
  };
}
