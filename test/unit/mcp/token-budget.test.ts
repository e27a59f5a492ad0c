import { readdirSync, readFileSync } from "node:fs";
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { describe, expect, it } from "vitest";
import { budgetTokens, cutToBudget, shareBudget } from "#functions/api/mcp/text/token-budget.ts";

const sample = "infra/local/confluence-site/sample";
const pages = readdirSync(sample)
  .filter((file) => file.endsWith(".storage.xml"))
  .map((file) => readFileSync(`${sample}/${file}`, "utf8"));

const repeated: Record<string, string> = {
  prose: pages.map((page) => page.replaceAll(/<[^>]+>/g, " ")).join("\n"),
  markup: pages.join("\n"),
  German:
    "Geschwindigkeitsbegrenzungsüberschreitung führt zur Datenverarbeitungsunterbrechung im Rechenzentrum. ",
  Finnish: "Järjestelmänvalvojan käyttöoikeudet myönnetään palvelinhuoneessa työskenteleville. ",
  Turkish: "Kullanıcıların şifrelerini değiştirebilmeleri için yöneticilerine başvurmaları gerekmektedir. ",
  Russian: "Эта страница объясняет, как поменять ключ подписи и что делать потом. ",
  Arabic: "تشرح هذه الصفحة كيفية تدوير مفتاح التوقيع وما يجب فعله بعد ذلك. ",
  Hindi: "यह पृष्ठ बताता है कि हस्ताक्षर कुंजी को कैसे बदला जाए। ",
  Thai: "หน้านี้อธิบายวิธีหมุนเวียนคีย์ลงนาม",
  Chinese: "这是一个关于如何轮换签名密钥的页面。请先阅读安全指南，然后再继续。",
  Japanese: "このページでは署名鍵をローテーションする方法について説明します。",
  emoji: "👩‍💻🚀🔥✅❌🎉🧯⚙️",
  capitals: "THE QUICK BROWN FOX JUMPS OVER KUBERNETES DEPLOYMENT CONFIGURATION ",
  table: "| --- | --- | --- |\n| a | 1 | x |\n",
  code: "const x = arr.filter(a=>a!==null&&a.b[0]?.c).map(({d})=>({...d,e:`${d}_$`}));\n",
  punctuation: "<>?:{}|_+!@#$%^&*()~-=[];,./",
  links:
    "https://acme.atlassian.net/wiki/spaces/ENG/pages/123456789/How+to+rotate+keys?focusedCommentId=99\n",
  ids: "0f8fad5b-d9cb-469f-a165-70867728950e 7c9e6679-7425-40de-944b-e07fc1f90ae7 ",
  base64: "Kx8Zq0b1vTj4Yw9LmE2sRf7UdN3hPcA6GiOoXl5WkQnBtSyVrCzMgJeHaDpFuI8+/Q",
};

describe("tokens of a text, estimated", () => {
  it.each(Object.entries(repeated))(
    "the estimated tokens of %s are not a tenth below those of a tokenizer",
    (_, text) => {
      const long = text.length > 10_000 ? text : text.repeat(30);
      const counted = encode(long).length;
      expect(budgetTokens(long) / counted).toBeGreaterThan(0.9);
      // A budget that is never used up shows less than it could. Other tokenizers have fewer words of other scripts.
      expect(budgetTokens(long) / counted).toBeLessThan(3);
    },
  );

  it("the estimated tokens of each page of the sample site are within a tenth below and a third above a tokenizer's", () => {
    for (const page of pages.map((text) => text.replaceAll(/<[^>]+>/g, " ").replaceAll(/\s+/g, " "))) {
      const ratio = budgetTokens(page) / encode(page).length;
      expect(ratio).toBeGreaterThan(0.9);
      expect(ratio).toBeLessThan(1.33);
    }
  });

  it("tokens are estimated in a moment, whatever the text", () => {
    for (const unit of ["a", "A", "x1", "!", "-", " ", "é", "a-", "Az09"]) {
      const started = performance.now();
      budgetTokens(unit.repeat(200_000));
      expect([unit, performance.now() - started < 5000]).toEqual([unit, true]);
    }
  });
});

describe("text cut to a budget", () => {
  const text = "First line of the text.\nSecond line, which is a little longer.\nThird line.";

  it("a text that fits a budget is not cut", () => {
    expect(cutToBudget(text, budgetTokens(text))).toBe(text);
  });

  it("a text above its budget ends with a line, or with a word where the line is long, and an ellipsis", () => {
    expect(cutToBudget(text, 20)).toBe("First line of the text.\nSecond line, which is a little longer. …");
    expect(cutToBudget("one two three four five six seven eight", 6)).toBe("one two three …");
    expect(cutToBudget(text, 0)).toBe("");
  });

  it("a text without spaces but at its beginning is cut between its letters", () => {
    const cut = cutToBudget(`RFC ${"飛行船の係留塔".repeat(20)}`, 30);
    expect(cut).toMatch(/^RFC 飛行船の係留塔飛行船の.* …$/);
  });

  it.each([10, 50, 200, 1000])("a text cut to %i tokens keeps them by a tokenizer's count", (tokens) => {
    for (const whole of [...pages, ...Object.values(repeated).map((part) => part.repeat(20))]) {
      const cut = cutToBudget(whole, tokens);
      expect(encode(cut).length).toBeLessThanOrEqual(tokens * 1.1 + 1);
      expect(cut.isWellFormed()).toBe(true);
    }
  });
});

describe("a budget shared by several texts", () => {
  it("a budget gives each what it needs when there is enough, and else the same to those that need more than a share", () => {
    expect(shareBudget([10, 20, 30], 100)).toEqual([10, 20, 30]);
    expect(shareBudget([100, 10, 100], 90)).toEqual([40, 10, 40]);
    expect(shareBudget([100, 100], 0)).toEqual([0, 0]);
    expect(shareBudget([], 10)).toEqual([]);
  });
});
