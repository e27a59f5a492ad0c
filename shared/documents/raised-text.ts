const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾";
const LOWERED = "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎";
const PLAIN = "0123456789+-=()";

const raised = /<(su[bp])>([^<>]*)<\/\1>/g;

/** The text with raised and lowered characters as text: `CO<sub>2</sub>` is CO₂, `1<sup>st</sup>` is 1st. */
export function raisedText(markdown: string): string {
  return markdown.replaceAll(raised, (_, tag: string, inner: string) => {
    const forms = Array.from(inner, (letter) => (tag === "sup" ? RAISED : LOWERED)[PLAIN.indexOf(letter)]);
    return forms.includes(undefined) ? inner : forms.join("");
  });
}
