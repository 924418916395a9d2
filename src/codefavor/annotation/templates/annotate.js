"use strict";
// The task page: time that counts, keys, and saving before moving on. Without this script the form still works.
(() => {
  const form = document.querySelector("form[data-handle]");
  if (!form) return;
  const status = document.getElementById("status");
  const field = (name) => form.elements.namedItem(name);
  const chosen = (name) => form.querySelector(`input[name="${name}"]:checked`);

  // Time counts while the page is in front and the person has done something within the idle limit.
  const idle = Number(form.dataset.idle) * 1000;
  const key = "spent " + form.dataset.handle + " " + form.dataset.revision;
  let spent = Number(sessionStorage.getItem(key)) || 0;
  let last = performance.now();
  let active = last;
  let visible = document.visibilityState === "visible";
  const tick = () => {
    const now = performance.now();
    if (visible) spent += Math.max(0, Math.min(now, active + idle) - last);
    last = now;
    sessionStorage.setItem(key, String(spent));
  };
  const stir = () => { tick(); active = last; };
  for (const kind of ["pointermove", "pointerdown", "keydown", "wheel", "scroll", "touchstart", "focusin"]) {
    addEventListener(kind, stir, { passive: true, capture: true });
  }
  document.addEventListener("visibilitychange", () => {
    tick();
    visible = document.visibilityState === "visible";
    if (visible) active = last;
  });
  setInterval(tick, 1000);

  // Keys, which whoever dictates or types with one hand can turn off.
  const keys = document.getElementById("keys");
  keys.checked = localStorage.getItem("keys") !== "off";
  keys.addEventListener("change", () => localStorage.setItem("keys", keys.checked ? "on" : "off"));
  const letters = { a: ["choice", "A"], b: ["choice", "B"], t: ["choice", "tie"], s: ["choice", "skip"],
    1: ["confidence", "low"], 2: ["confidence", "high"], 3: ["confidence", "very high"] };
  addEventListener("keydown", (event) => {
    const typing = event.target.matches("textarea, input[type=text]");
    if (!keys.checked || typing || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const pressed = event.key.toLowerCase();
    if (pressed in letters) {
      const [name, value] = letters[pressed];
      const radio = form.querySelector(`input[name="${name}"][value="${value}"]`);
      radio.checked = true;
      radio.focus();
      event.preventDefault();
    } else if (pressed === "u") {
      const undo = document.getElementById("undo");
      if (undo) undo.click();
    }
  });

  // An answer leaves the page only when the server has it on disk; the same submission twice is one answer.
  let sending = false;
  form.addEventListener("submit", async (event) => {
    if (sending) { event.preventDefault(); return; }
    const choice = chosen("choice");
    if (choice && choice.value !== "skip" && !chosen("confidence")) {
      event.preventDefault();
      status.textContent = "Say how sure you are: 1, 2 or 3.";
      form.querySelector('input[name="confidence"]').focus();
      return;
    }
    if (form.dataset.handle.startsWith("practice")) return;  // the browser sends it and shows what comes back
    event.preventDefault();
    sending = true;
    tick();
    field("seconds").value = (spent / 1000).toFixed(2);
    const body = new URLSearchParams(new FormData(form));
    for (let wait = 500; ; wait = Math.min(2 * wait, 8000)) {
      try {
        const reply = await fetch(location.href, { method: "POST", body, headers: { accept: "application/json" } });
        if (reply.ok) break;
        if (reply.status < 500 && reply.status !== 429 && reply.status !== 408) {
          status.textContent = "Not saved: " + ((await reply.json()).detail || "open your link again") + ".";
          sending = false;
          return;
        }
      } catch { /* the server is away for a moment */ }
      status.textContent = "Not saved yet: the server does not answer. Leave this page open; it tries again.";
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
    sessionStorage.removeItem(key);
    status.textContent = "Saved.";
    location.reload();
  });
})();
