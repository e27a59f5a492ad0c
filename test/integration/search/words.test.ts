import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { searchDocuments } from "#shared/documents/search.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const embedder = fakeEmbedder();
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  await addSource(database.sql, embedder, { sourceId: "docs" });
});
afterAll(() => database.close());

const put = (pageId: string, content: string, title = `Page ${pageId}`) =>
  store(database.sql, embedder, { pageId, title, chunks: [content] });
const search = async (query: string) =>
  (
    await searchDocuments(database.sql, {
      query,
      embedding: null,
      matchCount: 10,
      returnMode: "chunks",
      readable: null,
    })
  ).hits;
const found = async (query: string) => (await search(query)).map((hit) => hit.pageId);

describe("words that Postgres' parser would take apart or together", () => {
  it.each([
    ["C#", "Write services in C# 12.", "Write drivers in C++ 20, plain C is legacy."],
    ["C++", "Write drivers in C++ 20, plain C is legacy.", "Write services in C# 12."],
    ["F#", "Scripts are in F#.", "Press F to pay respects, F and F again."],
    [".net", "Runs on .NET 8.", "The net is down; net profit, net weight."],
    ["CO2", "Replace the CO<sub>2</sub> sensor yearly.", "Replace the CO sensor; 2 of them."],
    ["CO2", "The CO₂ level is high.", "The CO level; 2 of them."],
    ["CO₂", "The CO2 level is high.", "The level of carbon is high."],
    ["CO<sub>2</sub>", "The CO₂ level is high.", "The CO level; 2 of them."],
    ["CO<sub>2</sub>", "The CO2 level is high.", "The CO level; 2 of them."],
    ["CO<sub>2</sub>", "The CO<sub>2</sub> level.", "CO and CO; 2 of them."],
    ["--no-cache", "Build with --no-cache today.", "There is no cache; no-cache headers, no cache."],
    ["/etc/hosts", "Edit /etc/hosts.", "Hosts etc. are listed: etc, hosts."],
    ["/etc", "Edit what is in /etc.", "Hosts etc. are listed: etc, hosts."],
    ["src/main/java", "Code is in src/main/java.", "Java is the main src: src, main, java."],
    ["2.0", "Upgrade to 2.0 now.", "Upgrade 2 of 0 or 2 of them, 2.01."],
    ["10.4", "Upgrade to 10.4 now.", "Upgrade 10 of 4 or 10 of them, 10.41."],
    ["-Xmx512m", "Start it with -Xmx512m.", "Xmx512m, xmx512m: the xmx512m."],
    [
      String.raw`C:\Windows\System32`,
      String.raw`It is in C:\Windows\System32.`,
      "C: windows; System32 of windows.",
    ],
    [
      String.raw`C:\Windows\System32`,
      String.raw`In C:\\Windows\\System32\\.`,
      "C: windows; System32 of windows.",
    ],
    ["C#", "使用C#框架开发。", "使用C语言，C，C。"],
    [".net", "使用.NET框架。", "使用net，net，net。"],
    ["1.2.3", "Upgrade to 1.2.3 now.", "Upgrade 1 of 2 or 3 of them."],
    ["v2.0-rc1", "Upgrade to v2.0-rc1.", "Upgrade to v2.0 rc1 of v2."],
    ["ABC-123", "See ABC-123.", "ABC has 123 pages."],
    ["foo.bar", String.raw`Call foo\.bar today.`, "A bar of foo."],
    ["cafe zurich", "The Café in Zürich is closed.", "The closed bar in Bern."],
    ["strasse", "Die Straße ist zu.", "Der Weg ist zu."],
    ["ABC", "full width ＡＢＣ letters", "full width letters"],
  ])("a search for %s finds %j first", async (query, page, other) => {
    await put("other", other);
    await put("page", page);
    expect((await found(query))[0]).toBe("page");
  });

  it.each([
    [
      "a Chinese term within a sentence",
      "值班工程师",
      "每天凌晨两点备份。恢复时请联系值班工程师。",
      "值得的班级，工厂，程度，师傅。",
    ],
    ["a Chinese question", "怎么重启服务器？", "本页说明如何重启生产服务器。", "本页说明如何关闭窗口。"],
    ["a single Chinese character", "税", "每年报税一次。", "每年一次。"],
    ["a Japanese word", "バックアップ", "データベースのバックアップ手順。", "データベースの手順。"],
    ["a Korean word without its particle", "서버", "서버를 다시 시작하는 방법", "방법을 다시 시작하는"],
    ["a Thai word", "ข้อมูล", "เซิร์ฟเวอร์ฐานข้อมูลต้องสำรองทุกวัน", "เซิร์ฟเวอร์ต้องสำรองทุกวัน"],
    ["a Lao word", "ລາວ", "ຂ້ອຍຮຽນພາສາລາວ", "ຂ້ອຍຮຽນພາສາ"],
    ["a Khmer word", "ទិន្នន័យ", "ទិន្នន័យត្រូវបម្រុងទុករាល់ថ្ងៃ", "ម៉ាស៊ីនមេត្រូវបម្រុងទុក"],
    ["a Burmese word", "မြန်မာ", "ကျွန်တော်မြန်မာစကားပြောတယ်", "ကျွန်တော်စကားပြောတယ်"],
    ["a Latin word in Chinese text", "docker", "如何重启Docker容器", "如何重启容器"],
    ["a number in Chinese text", "308", "只丢了308分", "只丢了分"],
  ])("a search finds only the page with %s", async (_, query, page, other) => {
    await put("other", other);
    await put("page", page);
    expect(await found(query)).toEqual(["page"]);
  });

  it("a Chinese title is an exact match, above a page that contains all its words", async () => {
    await put("content", "数据库备份流程，数据库备份流程，数据库备份流程");
    await put("title", "每天", "数据库备份流程");
    expect(await found("数据库备份流程")).toEqual(["title", "content"]);
  });

  it("the exact spelling of an accented word ranks higher, whichever of them is asked for", async () => {
    await put("plain", "The resume is on file.");
    await put("accented", "The résumé is on file.");
    expect(await found("resume")).toEqual(["plain", "accented"]);
    expect(await found("résumé")).toEqual(["accented", "plain"]);
  });

  it.each([
    ["值班工程师", "恢复时请联系值班工程师。", "恢复时请联系<mark>值班工程师</mark>"],
    ["重启容器", "如何重启Docker容器", "如何<mark>重启</mark>Docker<mark>容器</mark>"],
    ["ข้อมูล", "ฐานข้อมูลหลัก", "ฐาน<mark>ข้อมูล</mark>หลัก"],
    ["cafe zurich", "Café in Zürich & Bern", "<mark>Café</mark> in <mark>Zürich</mark> &amp; Bern"],
    ["CO2", "CO₂ levels are high", "<mark>CO₂</mark> levels are high"],
    ["plain", "Résumé: the plain text", "Résumé: the <mark>plain</mark> text"],
    ["CO2", "Sensor of CO<sub>2</sub>", "Sensor of <mark>CO₂</mark>"],
    ["CO<sub>2</sub>", "Sensor of CO2", "Sensor of <mark>CO2</mark>"],
    [
      "area",
      "Floor area: 10<sup>3</sup> m<sup>2</sup> altogether",
      "Floor <mark>area</mark>: 10³ m² altogether",
    ],
    ["1st", "Rooms on the 1<sup>st</sup> floor", "Rooms on the <mark>1st</mark> floor"],
    ["C#", "Written in C, C++, [C]# or C#", "Written in C, C++, [C]# or <mark>C#</mark>"],
    ["C#", "Written in plain C here", "Written in plain C here"],
    ["written in C#", "Written as C, then in C#", "<mark>Written</mark> as C, then in <mark>C#</mark>"],
    [".net", "Runs net of .NET", "Runs net of <mark>.NET</mark>"],
    [
      "--no-cache",
      "Build with no cache: --no-cache, no-cache",
      "Build with no cache: <mark>--no-cache</mark>, no-cache",
    ],
    ["ABC-123", "Issues ABC-1234 and 123 and ABC-123", "Issues ABC-1234 and 123 and <mark>ABC-123</mark>"],
    ["1.2.3", "Version 1.2.34, 1.2 or 1.2.3", "Version 1.2.34, 1.2 or <mark>1.2.3</mark>"],
    ["/var/log/app.log", "Logs of var in /var/log/app.log", "Logs of var in <mark>/var/log/app.log</mark>"],
    ["foo.bar", String.raw`Drinks at a bar of foo: foo\.bar`, "Drinks at a bar of foo: <mark>foo.bar</mark>"],
    ["foo.bar", "Drinks at a bar of foo", "Drinks at a <mark>bar</mark> of <mark>foo</mark>"],
    ["C#", "程序用C#编写", "程序用<mark>C#</mark>编写"],
    ["-Xmx512m", "Memory xmx512m by -Xmx512m", "Memory xmx512m by <mark>-Xmx512m</mark>"],
    [
      String.raw`C:\Windows\System32`,
      String.raw`Files of Windows in C:\\Windows\\System32`,
      String.raw`Files of Windows in <mark>C:\Windows\System32</mark>`,
    ],
    ["C# name0", "Called name0 in C#", "Called <mark>name0</mark> in <mark>C#</mark>"],
  ])("the snippet of %s in %s marks what matched", async (query, content, snippet) => {
    await put("page", content);
    const [hit] = await search(query);
    expect(hit).toMatchObject({ content, snippet });
  });
});

it("every text is found by itself and by each of its words, also within others", async () => {
  const word = fc.constantFrom(
    ..."server Größe naïve C# v1.2.3 --dry-run /var/log/app ＡＢＣ Ελλάδα ёлка Việt 数据库 数 備份する カナ 서버를 서 ภาษาไทย ພາສາ ភាសា မြန်မာ x².foo 3D".split(
      " ",
    ),
  );
  const glue = fc.constantFrom(" ", ", ", "。", " / ", "\n");
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(word, glue), { minLength: 1, maxLength: 8 }), async (pieces) => {
      await database.sql`delete from confluence_pages`;
      // Words of scripts without spaces stand within others.
      const text = pieces
        .map(([one, after]) => one.replace(/^[\p{scx=Han}\p{scx=Kana}\p{scx=Hang}]+$/u, "他$&的") + after)
        .join("");
      await put("page", text);
      for (const query of [text, ...pieces.map(([one]) => one)]) expect(await found(query)).toEqual(["page"]);
    }),
    { numRuns: 8 },
  );
});
