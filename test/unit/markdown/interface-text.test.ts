import { expect, it } from "vitest";
import { readPage } from "#shared/markdown/read-page.ts";
import { evaluationResolver as resolver } from "#test/evaluation/conversion/resolver.ts";

const markdown = (value: string): string => {
  const page = readPage({ format: "export_view", value }).toMarkdown(resolver);
  expect(page.textLost).toBeNull();
  return page.markdown;
};

/** What Confluence renders in, what a reader reads out. */
it.each([
  [
    "a table of contents is dropped",
    '<div class="toc-macro rbtoc1"><ul class="toc-indentation"><li><a href="#a">Pumps</a></li></ul></div><h1 id="a">Pumps</h1><p>x</p>',
    "# Pumps\n\nx",
  ],
  [
    "a list of links to headings that somebody wrote stays",
    '<ul><li><a href="#a">Pumps</a></li></ul><h1 id="a">Pumps</h1>',
    "- [Pumps](#a)\n\n# Pumps",
  ],
  [
    "of an issue whose details were not loaded the key stays",
    '<p>See <span class="jira-issue"><a class="jira-issue-key" href="https://j.example/browse/X-9"><span class="issue-placeholder"></span>X-9</a> - <span class="summary">Getting issue details...</span> <span class="aui-lozenge issue-placeholder">STATUS</span></span>.</p>',
    "See [X-9](https://j.example/browse/X-9).",
  ],
  [
    "an issue with its details stays whole",
    '<p><span class="jira-issue"><a class="jira-issue-key" href="https://j.example/browse/X-9">X-9</a> - <span class="summary">Leak</span> <span class="aui-lozenge">OPEN</span></span></p>',
    "[X-9](https://j.example/browse/X-9) - Leak OPEN",
  ],
  [
    "errors of macros, requests to log in and buttons are dropped",
    '<p>a</p><div class="error"><span class="error">Error rendering macro \'jira\'</span> : null</div><div class="jira-oauth-message-marker"><a class="static-oauth-init">Authenticate</a> to retrieve your issues</div><button>Refresh</button><div>We don\'t have a way to export this macro.</div><p>b</p>',
    "a\n\nb",
  ],
  [
    "text in braces that was taken for a macro stays",
    '<p>run</p><div class="error"><span class="error">Unknown macro: {BUILD_ID}</span></div>',
    "run\n\n{BUILD_ID}",
  ],
  [
    "the area for files is dropped, the files stay",
    '<table class="attachments"><tbody><tr><th>File</th></tr><tr><td><a href="https://w.example/p.xlsx">p.xlsx</a></td></tr><tr class="attachment-summary-4 hidden"><td>No comments <a>Preview</a></td></tr></tbody></table><p class="plugin-attachments-dnd">Drag and drop to upload</p>',
    "| File |\n| --- |\n| [p.xlsx](https://w.example/p.xlsx) |",
  ],
  [
    "a link to the form that makes a page is its text",
    '<p><a class="createlink" href="/pages/createpage.action?x=1">Old guide</a></p>',
    "Old guide",
  ],
  [
    "the default text of an expand is no title",
    '<div class="expand-container"><div class="expand-control"><span class="expand-control-text">Click here to expand...</span></div><div class="expand-content"><p>in</p></div></div>',
    "in",
  ],
  [
    "tabs have their titles above them, and no menu",
    '<div class="aui-tabs"><ul class="tabs-menu"><li class="menu-item"><a href="#t1">East</a></li><li class="menu-item"><a href="#t2">West</a></li></ul><div class="tabs-pane" id="t1"><p>a</p></div><div class="tabs-pane" id="t2"><p>b</p></div></div>',
    "**East**\n\na\n\n**West**\n\nb",
  ],
  [
    "tabs by their roles",
    '<div><div role="tablist"><span role="tab" aria-controls="p1">East</span></div><div role="tabpanel" id="p1" style="display:none"><p>a</p></div></div>',
    "**East**\n\na",
  ],
  [
    "tabs by their labels",
    '<div><ul role="tablist"><li role="tab" id="t1">East</li><li role="tab" id="t2">West</li></ul><section role="tabpanel" aria-labelledby="t2"><p>b</p></section></div>',
    "- East\n\n**West**\n\nb",
  ],
  [
    "tabs by their order",
    '<div class="aui-tabs"><ul class="tabs-menu"><li><a href="#">East</a></li><li><a href="#">West</a></li></ul><div class="tabs-pane"><p>a</p></div><div class="tabs-pane"><p>b</p></div></div>',
    "**East**\n\na\n\n**West**\n\nb",
  ],
  [
    "tabs of an app, whose menu only its targets tell",
    '<div class="deck"><ul><li><a href="/wiki/pages/1#c1"><b>East</b></a></li></ul><div class="card" id="c1"><p>a</p></div></div>',
    "**East**\n\na",
  ],
  [
    "a list of links to parts of the page that are no tabs stays",
    '<p class="tab">x</p><ul><li><a href="#c1">East</a></li></ul><div id="c1"><p>a</p></div>',
    "x\n\n- [East](#c1)\n\na",
  ],
  [
    "what cannot be exported is not said, in whatever element of a rendered body",
    "<p>a <span>We don't have a way to export this macro.</span></p><td><p>We don’t have a way to export this macro.</p></td>",
    "a",
  ],
  [
    "errors of macros in another language, and in a box",
    '<p>a <span class="error">Fehler beim Rendern des Makros \'jira\'</span></p><div class="confluence-information-macro confluence-information-macro-warning"><p class="title">Error rendering macro \'include\'</p><p>null</p></div>',
    "a",
  ],
  [
    "a box about errors stays",
    '<p class="error">The pump is in error state</p><div class="aui-message aui-message-error"><p class="title">Error of pump 4</p><p>Stop it.</p></div>',
    "The pump is in error state\n\n> [!CAUTION]\n> **Error of pump 4**\n>\n> Stop it.",
  ],
  [
    "the default text of an expand in another language is no title",
    '<div class="expand-container"><div class="expand-control"><span class="expand-control-text">Hier klicken, um zu erweitern...</span></div><div class="expand-content"><p>in</p></div></div>',
    "in",
  ],
  [
    "a title that asks to click somewhere else stays",
    '<div class="expand-container"><div class="expand-control"><span class="expand-control-text">Click here to expand the tank</span></div><div class="expand-content"><p>in</p></div></div>',
    "**Click here to expand the tank**\n\nin",
  ],
  [
    "areas to drop files on, buttons and links to more are dropped",
    '<div class="plugin_attachments_dropzone">Drag and drop to upload</div><form><input type="submit" value="Go"/></form><a class="more-link" href="#">Show more</a><p>a</p>',
    "a",
  ],
  [
    "a message box of an app is an alert",
    '<div class="aui-message aui-message-error"><p class="title">Stop</p><p>Hot.</p></div>',
    "> [!CAUTION]\n> **Stop**\n>\n> Hot.",
  ],
  [
    "a status without a text is its colour",
    '<p>is <span class="status-macro aui-lozenge aui-lozenge-error"></span></p>',
    "is Red",
  ],
  [
    "a custom emoji is its short name",
    '<p><img class="emoticon emoticon-blue-star" data-emoji-short-name=":on_hold:" data-emoji-id="c0ffee00-1111" data-emoji-fallback=":on_hold:" data-emoticon-name="blue-star" src="x" alt=":on_hold:"/></p>',
    ":on_hold:",
  ],
])("interface text in bodies: %s", (_name, body, expected) => {
  expect(markdown(body)).toBe(expected);
});
