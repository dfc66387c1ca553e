"""Pyro4's examples that live by the name server, unmodified, with our name server and our programs in every other place."""
import os
import re
import tempfile
import zipfile

import support
from example_support import ExampleTest, example, main_together, together


class NameServerExamples(ExampleTest):
    def our_names(self):
        server = self.start(support.Program([support.built("tools/engine-ns"), "-n", "127.0.0.1", "-p", "0"]))
        port = server.wait_for(r"URI = PYRO:Pyro.NameServer@127.0.0.1:(\d+)").group(1)
        return {"PYRO_NS_HOST": "127.0.0.1", "PYRO_NS_PORT": port}

    def until_registered(self, names, number):
        with self.proxy("PYRO:Pyro.NameServer@127.0.0.1:" + names["PYRO_NS_PORT"]) as name_server:
            support.wait_until(lambda: name_server.count() == number, "%d names are registered" % number)

    def both_names(self):
        return self.our_names(), self.names()

    def test_objects_are_found_by_their_tags(self):
        def facts(text):
            """What was found under each heading, whatever the order and the addresses."""
            text = re.sub(r"PYRO:obj_\w+@\S+", "<uri>", text.split("PYROMETA protocol")[0])
            found, heading = {}, "entries"
            for line in text.splitlines():
                if line.endswith(":"):
                    heading = line
                elif line.startswith("   meta: "):
                    found.setdefault("tags", []).append(sorted(line[9:].split(", ")))
                elif "->" in line or line.startswith("example."):
                    found.setdefault(heading, []).append(line.strip())
            return {heading: sorted(lines) for heading, lines in found.items()}

        said = []
        for names in self.both_names():
            said.append(facts(self.python_program("ns-metadata/example.py", **names).finish()))
            ours = self.our_program("ns_metadata", **names).finish()
            said.append(facts(ours))
            self.assertIn("'any nameserver' via its class metadata:\n     PYRO:Pyro.NameServer@127.0.0.1:" + names["PYRO_NS_PORT"], ours)
        self.assertEqual(["example.resource.diskstorage -> <uri>", "example.resource.tapestorage -> <uri>"], said[0]["all storage:"])
        self.assertEqual(7, len(said[0]["all resource types:"]))
        for other in said[1:]:
            self.assertEqual(said[0], other)

    def test_a_stormy_crowd_leaves_nothing_behind(self):
        for said in together(*[lambda names=names: self.our_program("nameserverstress", "100", **names).finish() for names in self.both_names()]):
            self.assertRegex(said, r"Done. Starting.\ncleaned up \d+ names.\n")

    def test_banks_are_found_by_the_beginning_of_their_names(self):
        def plain(text):
            return re.sub("'unknown account'", "unknown account", text)

        ours, theirs = self.our_names(), self.our_names()
        self.our_program("banks_server", **ours).wait_for("Banks are ready")
        self.python_server("banks", **theirs).wait_for("Banks are ready")
        accounts = r"The accounts in the ABN bank:\n  Irmen : 300.75\n  Suzy : 300.75\nThe accounts in the Rabobank:\n  Irmen : -99.25\n"
        said = [plain(client) for names in (theirs, ours) for client in (self.python_client("banks", **names)[0], self.our_client("banks", **names))]
        for client in said[2:]:  # the second customers of each bank find their accounts taken
            self.assertRegex(client, accounts)
        self.assertEqual(said[0::2], [said[0]] * 2)
        self.assertEqual(said[1::2], [said[1]] * 2)
        self.assertIn("Failed: Account already exists\nRemoving account and trying again\n", said[1])
        self.assertEqual(said[0].replace("Creating account\n", "Creating account\nFailed: Account already exists\nRemoving account and trying again\n"), said[1])

    def test_the_warehouse_is_visited_by_both_languages(self):
        typed = "lamp\nbike\n\nlamp\n"
        said = []
        for names, open_it in ((self.our_names(), self.our_program), (self.names(), self.our_program), (self.our_names(), self.python_program)):
            if open_it == self.our_program:
                server = self.our_program("warehouse_server", **names)
                server.wait_for("The warehouse is open")
            else:
                server = self.python_program("warehouse/phase3/warehouse.py", **names)
                server.wait_for("daemon running")
            said.append(self.python_program("warehouse/phase3/visit.py", **names).finish(typed))
            said.append(self.our_client("warehouse", typed="bike\nlaptop\n\n\n", **names))
            server.wait_for("Janet took the bike.\n")
            server.wait_for("Henry took the lamp.\n")
        self.assertEqual(said[0::2], [said[0]] * 3)
        self.assertEqual(said[1::2], [said[1]] * 3)
        self.assertIn("The warehouse contains: ['chair', 'flashlight', 'laptop', 'couch', 'lamp']\n", said[0])

    def test_what_is_not_in_the_warehouse_cannot_be_taken(self):
        names = self.our_names()
        self.our_program("warehouse_server", **names).wait_for("The warehouse is open")
        client = self.our_program("warehouse_client", **names)
        client.finish("\npiano\n", 1)
        self.assertEqual("builtins.ValueError: list.remove(x): x not in list\n", "".join(client.err))

    def test_customers_of_either_language_cannot_leave_without_paying(self):
        ours, theirs = self.our_names(), self.our_names()
        self.our_program("shoppingcart_server", **ours).wait_for("The shop is open")
        self.python_program("shoppingcart/shopserver.py", **theirs).wait_for("daemon running")
        said = self.python_program("shoppingcart/clients.py", **ours)
        text = said.finish(code=1)
        self.assertEqual(2, text.count("The cart now contains: [] (should be empty)"))
        self.assertEqual(2, len(re.findall(r"(?m)^ +total:  \d+\.\d\d$", text)))
        self.assertIn("attempt to steal a full cart prevented", text)
        self.assertIn("Harry is attempting to put stuff back", text)
        self.assertIn("unknown object", "".join(said.err))
        with_theirs, with_ours = [re.sub("Receipt Date: .*", "", self.our_client("shoppingcart", **names)) for names in (theirs, ours)]
        self.assertIn("       total:  27.84\n", with_ours)
        self.assertIn("refused: attempt to steal a full cart prevented\n", with_ours)
        self.assertTrue(with_ours.endswith("refused: unknown object\n"), with_ours)
        self.assertEqual(with_theirs, with_ours)

    def test_words_are_counted_by_all_counters_that_are_registered(self):
        ours, theirs = self.our_names(), self.our_names()
        self.our_program("distributed_computing2_servers", **ours).wait_for("are registered")
        # It says nothing when it is ready. Each of its calls takes a thread of the pool, and two clients at once more than there are.
        self.python_program("distributed-computing2/servers.py", PYRO_THREADPOOL_SIZE="200", **theirs)
        self.until_registered(theirs, 7)
        with tempfile.TemporaryDirectory() as folder:
            with zipfile.ZipFile(example("distributed-computing2/alice.zip")) as packed:
                packed.extract("alice.txt", folder)
            said = together(*[lambda names=names: self.our_client("distributed_computing2", os.path.join(folder, "alice.txt"), **names)
                              for names in (ours, theirs)],
                            *[lambda names=names: self.python_program("distributed-computing2/client.py", **names).finish() for names in (ours, theirs)])
        # The fifth most frequent word is two: which of them is printed depends on the order of a dict.
        counted = [re.findall(r"(?m)^  (\w+ \(\d+\))$", re.sub(r"(about|down)(?= \(102)", "this_or_that", text)) for text in said]
        self.assertEqual(10, len(counted[0]))
        self.assertEqual(counted[0][:5], counted[0][5:])
        self.assertEqual([counted[0]] * 4, counted)

    def test_one_of_the_workers_with_the_tag_is_picked_at_random(self):
        names = self.our_names()
        mixed = [self.our_program("distributed_computing3_worker", **names) for _ in range(2)]
        mixed.append(self.python_program("distributed-computing3/worker.py", PYRO_SERIALIZER="serpent", **names))
        for worker in mixed[:2]:
            worker.wait_for("ready")
        self.until_registered(names, 4)
        python, ours = together(lambda: self.python_program("distributed-computing3/client.py", **names).finish(),
                                lambda: self.our_client("distributed_computing3", "30", **names))
        self.assertEqual(100, len(re.findall(r"(?m)^\w+ factorized \d+: \[", python)))
        for text in python, ours:
            self.assertEqual(3, len(set(re.findall(r"(?m)^(\w+) factorized", text))))


if __name__ == "__main__":
    main_together()
