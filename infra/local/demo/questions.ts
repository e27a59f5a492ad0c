import type { Hit, ServiceClient } from "./service-client.ts";

export type Answer = { question: string; page: string; heading: string; url: string; text: string };

/** Questions in words other than the pages', each with the page and heading that answer it. */
const QUESTIONS = [
  {
    question: "From when until when does the on-call phone stay silent at night?",
    page: "Quiet hours for the on-call phone",
    heading: "When the phone stays silent",
  },
  {
    question: "How do I restore the ledger database as it was at a point in time?",
    page: "Backups and Restore",
    heading: "Restoring to a point in time",
  },
  {
    question: "With which command is a lent laptop wiped afterwards?",
    page: "Lending laptops to visitors",
    heading: "Wiping it afterwards",
  },
  // Answered by a comment, by a blog post, and by a page of a PDF.
  {
    question: "Is a feature flag undone as well when I roll a release back?",
    page: "Rolling Back",
    heading: "Comments",
  },
  {
    question: "Which shared proxy was slow when every screen fetched the lunch menu?",
    page: "Thirty thousand parcels in a day",
    heading: "What surprised us",
  },
  {
    question: "Into which tray does a scanner with a worn-out battery go?",
    page: "handheld-scanner-quick-guide.pdf",
    heading: "Charging and storage",
  },
];

/** Searches the index for each question; the best hit is the answer. */
export async function askQuestions(
  service: ServiceClient,
): Promise<{ answers: Answer[]; problems: string[] }> {
  const answers: Answer[] = [];
  const problems: string[] = [];
  for (const { question, page, heading } of QUESTIONS) {
    const [best] = await service.search(question, 3);
    if (!best) {
      problems.push(`no answer to: ${question}`);
      continue;
    }
    answers.push(toAnswer(question, best));
    if (best.title !== page) problems.push(`"${question}" was answered from ${best.title}, not ${page}`);
    else if (best.heading_path.at(-1) !== heading) {
      problems.push(`"${question}" was answered from ${best.heading_path.join(" › ")}, not ${heading}`);
    }
  }
  return { answers, problems };
}

/** A page that only the first of two people may see, and what it answers. */
export const RESTRICTED = {
  question: "How many conversations does an applicant have before we answer?",
  page: "Hiring",
};

export type Person = { name: string; accountId: string };
export type PersonalAnswer = Answer & { person: string };

/** Asks one question for two people: only the first finds the page that answers it. */
export async function askForTwo(
  service: ServiceClient,
  [first, second]: readonly [Person, Person],
): Promise<{ answers: PersonalAnswer[]; problems: string[] }> {
  const { question, page } = RESTRICTED;
  const answers: PersonalAnswer[] = [];
  const problems: string[] = [];
  for (const person of [first, second]) {
    const hits = await service.search(question, 20, person.accountId);
    const [best] = hits;
    if (best) answers.push({ person: person.name, ...toAnswer(question, best) });
    const isFirst = person === first;
    if (isFirst && best?.title !== page)
      problems.push(
        `"${question}" was answered from ${best?.title ?? "nothing"} for ${person.name}, not ${page}`,
      );
    if (!isFirst && hits.some((hit) => hit.title === page))
      problems.push(`${person.name} finds ${page}, which only ${first.name} may see`);
  }
  return { answers, problems };
}

function toAnswer(question: string, hit: Hit): Answer {
  return {
    question,
    page: hit.title,
    heading: [...hit.heading_path, ...(hit.file?.page ? [`page ${hit.file.page}`] : [])].join(" › "),
    url: hit.url,
    // Without the heading, which is shown beside it.
    text: hit.content.replace(/^#+ .*\n/, "").trim(),
  };
}
