// Plain JavaScript on purpose: it must run on the old Node that it complains about.
const wanted = 24;
const major = Number(process.versions.node.split(".")[0]);
if (major < wanted) {
  process.stderr.write(
    `This needs Node ${wanted} and runs on ${process.version}.\n` +
      `npm ci installs Node ${wanted} into node_modules/.bin, which npm scripts use. It is missing, most likely because\n` +
      `install scripts were blocked (--ignore-scripts). Run: npm rebuild node, or put Node ${wanted} on your PATH.\n`,
  );
  process.exit(1);
}
