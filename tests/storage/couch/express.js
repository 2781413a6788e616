// A CouchDB-protocol server in memory, on loopback: `node express.js FOLDER`, FOLDER being where node_modules lies.
// Says "ready PORT" once it listens, and ends when its standard input does: it cannot outlive the tests.
"use strict";

const path = require("path");
const installed = require("module").createRequire(path.join(path.resolve(process.argv[2]), "express.js"));

const PouchDB = installed("pouchdb-core")
  .plugin(installed("pouchdb-adapter-memory"))
  .plugin(installed("pouchdb-adapter-http"))
  .plugin(installed("pouchdb-mapreduce"))
  .plugin(installed("pouchdb-replication"))
  .plugin(installed("pouchdb-find"));

const application = installed("express")();
const InMemory = PouchDB.defaults({ adapter: "memory" });
application.use(installed("express-pouchdb")(InMemory, { mode: "minimumForPouchDB", inMemoryConfig: true }));

const server = application.listen(0, "127.0.0.1", () => console.log(`ready ${server.address().port}`));
process.stdin.on("end", () => process.exit(0)).resume();
