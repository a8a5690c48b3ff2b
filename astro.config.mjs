// Where the portal's pages live once it has any: see portal/README.md.
export default {
  srcDir: "./portal",
  outDir: "./dist/portal",
  server: { host: "127.0.0.1" },
  devToolbar: { enabled: false },
}
