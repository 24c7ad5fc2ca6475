"""What a page that is open shows, measured in the browser where axe-core does not look.

Targets that are too small to tap, text that is cut off, the mark of what has the focus, and what is left in forced colours.
"""

# For a script of every page. Each function returns sentences: what is wrong, with the tag, the classes and the text of each.
SIGHT = """
window.portalSight = (() => {
  const STOPS = "a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex='-1'])";
  const CLEAR = 3;  // the contrast that a mark needs
  const FINGER = 23.5;  // pixels: 24, rounded
  const shown = e => e.checkVisibility({visibilityProperty: true});
  const kind = e => `${e.localName}${[...e.classList].map(c => `.${c}`).join("")}`;
  const name = e => `${e.parentElement ? `${kind(e.parentElement)} > ` : ""}${kind(e)} “${(e.textContent.trim().replace(/\\s+/g, " ") || e.getAttribute("aria-label") || e.id).slice(0, 40)}”`;
  const alike = all => [...new Map(all.map(e => [`${kind(e.parentElement.parentElement ?? e)} ${kind(e.parentElement)} ${kind(e)}`, e])).values()];
  const rgb = colour => (colour.match(/-?[\\d.]+/g) ?? [0, 0, 0, 0]).map(n => n * (colour.startsWith("color(") ? 255 : 1));
  const seen = colour => { const [, , , alpha] = colour.startsWith("color(") ? [0, 0, 0, rgb(colour)[3] / 255 || 1] : rgb(colour); return !(alpha < 0.1); };
  const light = colour => {
    const [r, g, b] = rgb(colour).map(n => n / 255).map(n => n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => { const [low, high] = [light(one), light(other)].sort((a, b) => a - b); return (high + 0.05) / (low + 0.05); };
  const ground = e => {
    for (; e; e = e.parentElement) { const own = getComputedStyle(e).backgroundColor; if (seen(own)) return own; }
    return matchMedia("(prefers-color-scheme: dark)").matches ? "rgb(0, 0, 0)" : "rgb(255, 255, 255)";
  };
  const stops = () => [...document.querySelectorAll(STOPS)].filter(e => !e.disabled && !(e.type === "radio" && !e.checked) && shown(e));

  // --- the mark of the focus: what of an element has changed, with a contrast to what is beside or was there before
  const look = e => {
    const s = getComputedStyle(e);
    return {
      ring: s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 1 && seen(s.outlineColor) ? s.outlineColor : "",
      inside: parseFloat(s.outlineOffset) < 0, shadow: s.boxShadow === "none" ? "" : s.boxShadow, ground: ground(e), fill: s.fill, stroke: s.stroke,
    };
  };
  const marked = (e, before, after) => {
    const beside = ground(e.parentElement);
    const shadows = after.shadow.match(/(rgba?|color)\\([^)]*\\)/g) ?? [];
    return after.ring && after.ring !== before.ring && contrast(after.ring, after.inside ? after.ground : beside) >= CLEAR
      || after.shadow !== before.shadow && shadows.some(c => seen(c) && contrast(c, beside) >= CLEAR)
      || contrast(before.ground, after.ground) >= CLEAR
      || e.ownerSVGElement && ["fill", "stroke"].some(k => after[k] !== "none" && before[k] !== "none" && contrast(before[k], after[k]) >= CLEAR);
  };
  const unmarked = e => {
    const all = [e, ...e.children];
    document.activeElement.blur();
    const before = all.map(look);
    e.focus();
    return !all.some((one, n) => marked(one, before[n], look(one)));
  };
  const covered = e => {
    const at = (low, high, end, share) => Math.max(low, 0) + (Math.min(high, end) - Math.max(low, 0)) * share;
    // An area of a map can be bent around its middle.
    const shares = e.ownerSVGElement ? [0.5, 0.1, 0.3, 0.7, 0.9] : [0.5];
    return ![...e.getClientRects()].some(b => shares.some(across => shares.some(down => {
      const top = document.elementFromPoint(at(b.left, b.right, innerWidth, across), at(b.top, b.bottom, innerHeight, down));
      return top && (e.contains(top) || top.contains(e));
    })));
  };

  // --- parts that only their background tells from what is around them
  let parts = [];
  const edge = s => ["Top", "Right", "Bottom", "Left"].some(side => parseFloat(s[`border${side}Width`]) > 0 && s[`border${side}Style`] !== "none");
  const onlyGround = (e, pseudo) => {
    const s = getComputedStyle(e, pseudo);
    if (pseudo && !/^"\\s*"$/.test(s.content)) return false;
    if (!seen(s.backgroundColor) || s.backgroundImage !== "none") return false;
    if (contrast(s.backgroundColor, ground(pseudo ? e : e.parentElement)) < 1.05) return false;
    if (!pseudo && Math.min(e.clientWidth, e.clientHeight) < 2 || e.getBoundingClientRect().right <= 0) return false;
    const isEmpty = pseudo || !e.childElementCount && !e.textContent.trim();
    return isEmpty || e.matches("a, button, summary, label, select, input") || parseFloat(s.borderTopLeftRadius) > 0;
  };

  return {
    tooSmall: () => alike(stops().filter(e => {
      if (getComputedStyle(e).display === "inline" || e.ownerSVGElement) return false;  // in a sentence, or an area of a map
      const target = e.matches("[type=radio], [type=checkbox]") && e.labels[0] || e;
      const {width, height} = target.getBoundingClientRect();
      return Math.min(width, height) < FINGER;
    })).map(e => { const {width, height} = e.getBoundingClientRect(); return `${name(e)} is too small to tap: ${width.toFixed()} by ${height.toFixed()} pixels`; }),

    cutOff: () => alike([...document.querySelectorAll("body *")].filter(e => {
      if (e.ownerSVGElement) return e.localName === "text" && shown(e) && getComputedStyle(e.ownerSVGElement).overflow !== "visible" && (() => {
        const [own, whole] = [e.getBoundingClientRect(), e.ownerSVGElement.getBoundingClientRect()];
        return own.left < whole.left - 1 || own.right > whole.right + 1 || own.top < whole.top - 1 || own.bottom > whole.bottom + 1;
      })();
      const [across, down] = [e.scrollWidth > e.clientWidth + 1, e.scrollHeight > e.clientHeight + 1];
      if (!across && !down || e.clientWidth < 2 || e.clientHeight < 2) return false;  // what only screen readers get is a dot
      const s = getComputedStyle(e);
      const cut = overflow => overflow === "hidden" || overflow === "clip";
      return (across && cut(s.overflowX) || down && cut(s.overflowY)) && s.clipPath === "none" && e.textContent.trim() && shown(e);
    })).map(e => `${name(e)} is cut off: ${e.scrollWidth ?? ""} by ${e.scrollHeight ?? ""} pixels in ${e.clientWidth} by ${e.clientHeight}`),

    // The innermost parts that reach beyond the window, without those that can be scrolled into sight.
    beyond: () => [...document.querySelectorAll("body *")].filter(e => {
      const b = e.getBoundingClientRect();
      return (b.right > innerWidth + 1 || b.left < -1) && b.width && shown(e) && !e.closest(".table, .skip")
        && ![...e.children].some(c => c.getBoundingClientRect().right > innerWidth + 1);
    }).slice(0, 3).map(name),

    focus: () => {
      const wrong = [];
      for (const e of stops()) {
        if (unmarked(e)) wrong.push(`${name(e)}: has no mark with a contrast of ${CLEAR} when it has the focus`);
        if (covered(e)) wrong.push(`${name(e)}: is hidden when it has the focus`);
      }
      document.activeElement.blur();
      return wrong;
    },

    // To be called in the usual colours, before `forced`.
    note: () => {
      parts = alike([...document.querySelectorAll("body *")].filter(e => !e.ownerSVGElement && shown(e)))
        .flatMap(e => [null, "::before", "::after"].filter(p => onlyGround(e, p)).map(p => [e, p]));
      return parts.length;
    },

    // To be called in forced colours, which take away backgrounds and shadows.
    forced: () => {
      if (!matchMedia("(forced-colors: active)").matches) return ["is not in forced colours"];
      const lost = parts.filter(([e, pseudo]) => {
        const s = getComputedStyle(e, pseudo);
        return s.forcedColorAdjust !== "none" && !edge(s) && s.outlineStyle === "none" && s.backgroundImage === "none";
      }).map(([e, pseudo]) => `${name(e)}${pseudo ?? ""} has only a background, which forced colours take away: give it a border there`);
      const faint = alike([...document.querySelectorAll("body *")].filter(e => shown(e) && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())))
        .filter(e => !e.ownerSVGElement && e.getClientRects().length && contrast(getComputedStyle(e).color, ground(e)) < CLEAR)
        .map(e => `${name(e)} cannot be read in forced colours`);
      const unringed = alike(stops()).filter(e => {
        e.focus();
        return ![e, ...e.children].some(one => { const s = getComputedStyle(one); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2; });
      }).map(e => `${name(e)} has no outline with the focus in forced colours`);
      document.activeElement.blur();
      return [...lost, ...faint, ...unringed];
    },
  };
})();
"""
