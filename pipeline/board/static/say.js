// Shows a line at the foot of the page, which screen readers announce.
let fading;

export function say(text) {
  const toast = document.getElementById("toast");
  clearTimeout(fading);
  toast.textContent = text;
  fading = setTimeout(() => { toast.textContent = ""; }, 8_000);
}
