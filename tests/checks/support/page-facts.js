// SPDX-License-Identifier: MIT
//
// Appended to a page with plots: says in the page's title what a reader would see, for a check to read there.
addEventListener("load", () => {
  const inside = (box, frame) =>
    box.width > 0 && box.height > 0 && box.left >= frame.left - 1 && box.right <= frame.right + 1 &&
    box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1;
  const painted = (mark) => !["none", "rgba(0, 0, 0, 0)"].includes(getComputedStyle(mark).fill);
  const plots = [...document.querySelectorAll("svg")].map((plot) => {
    const frame = plot.getBoundingClientRect();
    const marks = [...plot.querySelectorAll(".mark")];
    const seen = marks.filter((mark) => inside(mark.getBoundingClientRect(), frame) && painted(mark));
    return `${plot.getAttribute("aria-label")}: ${seen.length} of ${marks.length} marks`;
  });
  const wide = document.documentElement.scrollWidth - innerWidth;
  const fetched = [...document.querySelectorAll("[src], link[href], object[data], use[href]")].length;
  const styles = [...document.querySelectorAll("style, [style]")].map((one) => one.getAttribute("style") ?? one.textContent);
  const fetchedByStyle = styles.filter((text) => /url\(|@import/.test(text)).length;
  document.title = `plots [${plots.join("; ")}] fetches [${fetched + fetchedByStyle}] too wide by [${Math.max(wide, 0)}]`;
});
