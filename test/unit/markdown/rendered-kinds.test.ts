import { describe, expect, it } from "vitest";
import { readPage } from "#shared/markdown/read-page.ts";
import { evaluationResolver as resolver } from "#test/evaluation/conversion/resolver.ts";

const markdown = (body: string): string => {
  const converted = readPage({ format: "export_view", value: body }).toMarkdown(resolver);
  expect(converted.textLost).toBeNull();
  return converted.markdown;
};

/** What Confluence renders, as the API returns it, by kind. */
const CONVERSIONS: [name: string, body: string, expected: string][] = [
  [
    "code of the syntax highlighter, with title and language",
    '<div class="code panel pdl" data-macro-name="code"><div class="codeHeader panelHeader pdl"><b>Main.java</b></div><div class="codeContent panelContent pdl"><pre class="syntaxhighlighter-pre" data-syntaxhighlighter-params="brush: java; gutter: false; theme: Confluence">int a = 1;\nif (a &lt; 2) { }</pre></div></div>',
    "**Main.java**\n\n```java\nint a = 1;\nif (a < 2) { }\n```",
  ],
  [
    "code of the new editor",
    '<div class="codeBlock"><pre data-language="python"><code>a = 1</code></pre></div>',
    "```python\na = 1\n```",
  ],
  [
    "preformatted text",
    '<div class="preformatted panel"><div class="preformattedContent panelContent"><pre>raw  text\n  indented</pre></div></div>',
    "```\nraw  text\n  indented\n```",
  ],
  [
    "an information macro with title",
    '<div class="confluence-information-macro confluence-information-macro-warning" data-macro-name="warning"><p class="title">Careful</p><span class="aui-icon aui-icon-small aui-iconfont-error confluence-information-macro-icon"></span><div class="confluence-information-macro-body"><p>Hot <strong>stuff</strong></p></div></div>',
    "> [!WARNING]\n> **Careful**\n>\n> Hot **stuff**",
  ],
  [
    "a panel",
    '<div class="panel" data-macro-name="panel"><div class="panelHeader"><b>Plan</b></div><div class="panelContent"><p>Purple</p></div></div>',
    "> **Plan**\n>\n> Purple",
  ],
  [
    "an expand, its control by its title",
    '<div class="expand-container" data-macro-name="expand"><div class="expand-control"><span class="expand-control-icon"><img class="expand-control-image" src="/wiki/s/grey_arrow_down.png"/></span><span class="expand-control-text">Click here</span></div><div class="expand-content"><p>Inside</p></div></div>',
    "**Click here**\n\nInside",
  ],
  [
    "status, mention and date",
    '<p>Status: <span class="status-macro aui-lozenge aui-lozenge-success" data-macro-name="status">DONE</span> by <a class="confluence-userlink user-mention" data-account-id="5b" href="https://wiki.example/people/5b">Ann Lee</a> on <time datetime="2024-05-01" class="date-past">01 May 2024</time></p>',
    "Status: DONE by [Ann Lee](https://wiki.example/people/5b) on 01 May 2024",
  ],
  [
    "a Jira issue, without the icon of its kind",
    '<span class="confluence-jim-macro jira-issue" data-jira-key="AB-12" data-macro-name="jira"><a href="https://jira.example/browse/AB-12" class="jira-issue-key"><img class="icon" src="https://jira.example/viewavatar?avatarId=1"/>AB-12</a> - <span class="summary">Fix it</span> <span class="aui-lozenge">Open</span></span>',
    "[AB-12](https://jira.example/browse/AB-12) - Fix it Open",
  ],
  [
    "inline tasks",
    '<ul class="inline-task-list" data-inline-tasks-content-id="1"><li class="checked" data-inline-task-id="1"><span>Do it by <time datetime="2024-01-01">01 Jan 2024</time></span></li><li data-inline-task-id="2"><span>Later</span></li></ul>',
    "- [x] Do it by 01 Jan 2024\n- [ ] Later",
  ],
  [
    "columns in reading order",
    '<div class="contentLayout2"><div class="columnLayout two-equal"><div class="cell normal"><div class="innerCell"><p>Left</p></div></div><div class="cell normal"><div class="innerCell"><p>Right</p></div></div></div></div>',
    "Left\n\nRight",
  ],
  [
    "page properties as a table with a header column",
    '<div class="plugin-tabmeta-details"><div class="table-wrap"><table class="confluenceTable"><tbody><tr><th class="confluenceTh">Owner</th><td class="confluenceTd">Ann</td></tr></tbody></table></div></div>',
    "|  |  |\n| --- | --- |\n| **Owner** | Ann |",
  ],
  [
    "a report of page properties",
    '<div class="table-wrap"><table class="aui metadata-summary-macro" data-macro-name="detailssummary"><thead><tr><th>Title</th><th>Owner</th></tr></thead><tbody><tr><td class="title"><a href="https://wiki.example/1">P1</a></td><td><p>Ann</p></td></tr></tbody></table></div>',
    "| Title | Owner |\n| --- | --- |\n| [P1](https://wiki.example/1) | Ann |",
  ],
  [
    "child pages",
    '<ul class="childpages-macro"><li><a href="https://wiki.example/2">Child</a><ul class="childpages-macro"><li><a href="https://wiki.example/3">Grandchild</a></li></ul></li></ul>',
    "- [Child](https://wiki.example/2)\n  - [Grandchild](https://wiki.example/3)",
  ],
  [
    "an attached image, by its full size and without the version of its address",
    '<p><span class="confluence-embedded-file-wrapper"><img class="confluence-embedded-image" alt="Plan" width="500" src="https://wiki.example/download/thumbnails/1/plan.png?version=1" data-image-src="https://wiki.example/download/attachments/1/plan.png?version=1" data-linked-resource-default-alias="plan.png"/></span></p>',
    "![Plan](https://wiki.example/download/attachments/1/plan.png)",
  ],
  [
    "emoticons of both kinds",
    '<p><img class="emoticon emoticon-tick" data-emoticon-name="tick" src="/wiki/x.png" alt="(tick)"/> ok <img class="emoticon" data-emoji-fallback="🎉" data-emoji-shortname=":tada:" alt=":tada:" src="x"/></p>',
    "✅ ok 🎉",
  ],
  [
    "a formula that KaTeX rendered, as its TeX",
    '<p><span class="katex"><span class="katex-mathml"><math><semantics><mrow><mi>x</mi></mrow><annotation encoding="application/x-tex">x^2</annotation></semantics></math></span><span class="katex-html" aria-hidden="true">x2</span></span></p>',
    "`x^2`",
  ],
  [
    "cells with lists and code, a cell of two rows in each",
    '<table class="confluenceTable"><thead><tr><th>A</th><th>B</th></tr></thead><tbody><tr><td rowspan="2"><ul><li>x</li><li>y</li></ul></td><td><div class="code panel"><div class="codeContent"><pre data-syntaxhighlighter-params="brush: sql">select 1;\nselect 2;</pre></div></div></td></tr><tr><td>z<br/>w</td></tr></tbody></table>',
    "| A | B |\n| --- | --- |\n| <ul><li>x</li><li>y</li></ul> | `select 1;`<br>`select 2;` |\n| <ul><li>x</li><li>y</li></ul> | z<br>w |",
  ],
  [
    "a page embedded from elsewhere as a link, the scripts of an app not at all",
    '<iframe src="https://video.example/embed/1" title="Video"></iframe><div class="ap-container" data-macro-name="drawio"><div class="ap-content"></div><script class="ap-iframe-body-script">//<![CDATA[ (function(){ var data = {"x":1}; })(); //]]></script></div>',
    "[Video](https://video.example/embed/1)",
  ],
  [
    "a lozenge of an app by its colour, decisions of the new editor with their state",
    '<p>Lift: <span class="aui-lozenge aui-lozenge-success"></span></p><ol class="ak-decision-list"><li data-decision-state="UNDECIDED"><div>Steel?</div></li></ol>',
    "Lift: Green\n\n- **Open:** Steel?",
  ],
  [
    "elements that close themselves, as the API writes them",
    '<p /><ul class="empty" /><p>a<br />b</p><p />',
    "a  \nb",
  ],
];

describe("export_view", () => {
  it.each(CONVERSIONS)("export_view conversion: %s", (_name, body, expected) => {
    expect(markdown(body)).toBe(expected);
  });
});
