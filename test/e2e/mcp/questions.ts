/** Filters of `search_confluence`, as an agent takes them from what was asked. */
export type Filters = { space?: string; label?: string; kind?: string; updated_since?: string };

/** What somebody asks an agent: in words other than the page's, with what the page says. */
export type Question = {
  question: string;
  filters?: Filters;
  /** All of it in what one call returns. */
  facts: readonly RegExp[];
  /** Title of what is cited for it. */
  page: string;
};

/** Of the sample site: pages, a blog post, comments and a file. */
export const QUESTIONS: readonly Question[] = [
  {
    question: "How soon must I respond to a page when I am on call, and be at a computer?",
    facts: [/within \*\*five minutes\*\*/, /within fifteen/],
    page: "On-Call",
  },
  { question: "What do I earn for standby on a public holiday?", facts: [/90 a day/], page: "On-Call" },
  {
    question: "With which command do I restore the ledger database as it was at a point in time?",
    facts: [/lanternctl db restore ledger/],
    page: "Backups and Restore",
  },
  {
    question: "For how long do we keep pictures of labels?",
    facts: [/Photographs of labels\s*\|\s*30 days/],
    page: "Data Retention",
  },
  {
    question: "Is a feature flag undone as well when I roll a release back?",
    filters: { kind: "comments" },
    facts: [/switch the flag off first/],
    page: "Rolling Back",
  },
  {
    question: "Into which tray does a scanner with a worn-out battery go?",
    filters: { kind: "attachment" },
    facts: [/red tray/],
    page: "handheld-scanner-quick-guide.pdf",
  },
  {
    question: "What was slow on the day when we delivered thirty thousand parcels?",
    filters: { kind: "blogpost" },
    facts: [/lunch menu/],
    page: "Thirty thousand parcels in a day",
  },
  {
    question: "Which decision was replaced a year later, and why?",
    filters: { label: "decision-record" },
    facts: [/Superseded/, /waited for one another/],
    page: "DR-004 Monorepo for Libraries",
  },
  {
    question: "To whom do I escalate first when money is wrong?",
    facts: [/Money\s*\|\s*shops-primary/],
    page: "Escalation Contacts",
  },
  {
    question: "How many reviewers does a change of billing need?",
    facts: [/billing, which need two/],
    page: "Branching and Reviews",
  },
  {
    question: "Port 7104 is taken on my laptop: how do I get the product to start?",
    facts: [/\.\/bin\/down --all/],
    page: "Local Development",
  },
  {
    question: "The gateway container exits with code 139 on my M-series laptop",
    facts: [/platform: linux\/amd64/],
    page: "Local Development",
  },
  {
    question: "Why did shops receive the invoice for May twice?",
    facts: [/record of sending was written \*\*after\*\* the mail/],
    page: "2025-06 Double Invoices",
  },
  {
    question: "What load do we plan for at peak this year?",
    facts: [/4,100\s+scans per second/],
    page: "Capacity Planning",
  },
  {
    question: "What does ghost parcel mean here?",
    facts: [/announced but never scanned/],
    page: "Glossary",
  },
  {
    question: "What are all the steps to exchange a carrier's key?",
    facts: [/Add the new key/, /48 hours/, /Remove the old key/, /on a Friday/],
    page: "Rotating Secrets",
  },
  {
    question: "How is a deployment spread over the zones, and how do I stop one?",
    facts: [/Canary/, /33/, /\/deploy stop/],
    page: "Deploying",
  },
  // All over their page: it has to be read.
  {
    question: "What happens on each day of my first week, who helps me, and what else must I have done?",
    facts: [
      /Monday/,
      /Shadow the on-call engineer/,
      /labelled \*\*starter\*\*/,
      /Hardware key enrolled twice/,
    ],
    page: "Your First Week",
  },
  {
    question:
      "How do I install the product on my laptop, fill it with parcels, and run two checkouts at once?",
    facts: [/bin\/setup --profile small/, /bin\/seed --parcels 5000/, /WORKBENCH_NAME=second/],
    page: "Local Development",
  },
];
