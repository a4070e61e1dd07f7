"""What may differ between two runs, and what may not."""

import pytest

from embedlib.book.check.drift import compare
from embedlib.book.check.normalise import RULES, advise, normalise


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("took 58.3 s", "took 1min 2s"),
        ("took 2.1 s", "took 950 ms"),
        ("done after 2 hours", "done after 1 hour 12 minutes"),
        ("done after 1 h 2 min", "done after 59 min"),
        ("1h 2min 3s", "2m 3s"),
        ("in 00:01:02", "in 0:00:01.234567"),
        ("0 days 00:00:01.5", "1 day, 2:03:04"),
        ("now 14:13:01", "now 09:00:59.5"),
        ("a minute ago", "3 minutes ago"),
        ("just now", "about an hour ago"),
        ("1.2 ms ± 30 µs per loop (mean ± std. dev. of 7 runs, 1,000 loops each)",
         "980 ns ± 3.1 ns per loop (mean ± std. dev. of 7 runs, 1,000,000 loops each)"),
        ("1000 loops, best of 5: 2 ms per loop", "10 loops, best of 5: 20.1 ms per loop"),
        ("The slowest run took 4.53 times longer than the fastest. This could mean that\n3 ms", "2.1 s"),
        ("CPU times: user 1 s, sys: 0 ns, total: 1 s\nCompiler : 120 ms\nWall time: 1 s",
         "CPU times: total: 15.6 ms\nWall time: 2 s"),
        ("words:  50%|#####     | 5/10 [00:01<00:01,  4.9it/s]\rwords: 100%|#####| 10/10 [00:02<00:00,  4.8it/s]\n",
         "words: 100%|██████████████████| 10/10 [1:00:02<00:00, 12.5s/it]\n"),
        ("100%|████| 1.2k/1.2k [00:01<00:00, ?B/s]", "100%|##| 1.2k/1.2k [00:01<00:00, 12.5MB/s]"),
        ("20it [00:01, 9.8it/s]", "20it [00:00, 1023.11it/s]"),
        ("  0%|    | 0/2 [00:00<?, ?it/s]\n\r in:  0%| | 0/9 [00:00<?, ?it/s]\x1b[A\r 50%|#| 1/2 [00:01<00:01, 1.0s/it]"
         "\n\r in:  50%| | 4/9 [00:00<00:01, 9it/s]\x1b[A\r100%|####| 2/2 [00:02<00:00, 1.0s/it]\n",
         "  0%|    | 0/2 [00:00<?, ?it/s]\n\r in:  50%| | 4/9 [00:00<00:01, 9it/s]\x1b[A\r"
         "100%|####| 2/2 [00:07<00:00, 3.0s/it]\n"),
        (" 35%|███▌| 7/20 [00:00<00:01, 9.8it/s]a warning", " 55%|█████▌| 11/20 [00:00<00:01, 9.8it/s]a warning"),
        ("one\rbar\r   \rhello", "hello"),
        ("\x1b[2KWorking ━━━━━━━╸━━ 100% 0:00:01", "Working ━━━━━━━━━━━━━━━ 100% 0:00:12"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("saved to /mnt/ann/my book/out.csv", "saved to /srv/out.csv"),
        ("saved to /mnt/ann/Bu\u0308cher/out.csv, 3 rows", "saved to /srv/Bücher/out.csv, 3 rows"),
        ("'/mnt/ann/my own book'", "'/srv/x'"),
        ("C:\\Users\\ann lee\\out.csv", "\\\\host\\share\\out.csv"),
        ("'C:\\\\Users\\\\ann\\\\out.csv'", "'D:/ci/out.csv'"),
        ("file:///mnt/ann/out.csv", "file:///tmp/out.csv"),
        ("~/book/out.csv", "/mnt/ann/book/out.csv"),
        ("working in /work as", "working in /mnt/ann/book as"),
        ("/tmp/ipykernel_4242/12.py:3: FutureWarning: soon", "/tmp/ipykernel_977/12.py:3: FutureWarning: soon"),
        ("wrote /tmp/tmpab12cd34/x.csv", "wrote /var/folders/q1/T/tmpzz99yy__/x.csv"),
        ("wrote tmpab12cd34", "wrote tmpzz99yy__"),
        ("process 4242 ended", "process 977 ended"),
        ("as process 4242", "as process 977"),
        ("pid=4242", "pid=977"),
        ("<X object at 0x7f01>", "<X object at 0x55aabbccdd>"),
        ("2026-01-02 03:04", "2025-12-31T23:59:59.5+01:00"),
        ("Thu Nov 26 14:13:01 2026", "Fri Nov  6 04:13:01 UTC 2026"),
        ("26 Nov 2026 14:13", "1 December 2026, 09:13:01"),
        ("Thu, 26 Nov 2026 14:13:01 +0000", "Fri, 27 Nov 2026 14:13:01 GMT"),
        ("11/26/2026, 2:13:01 PM", "11/27/2026, 12:13:01 AM"),
        ("120.5 words/s", "99 words/s"),
        ("1,200 texts per second", "99 texts per second"),
        ("{'cat', 'dog'}", "{'dog', 'cat'}"),
        ("{3, 1, 2} and {(1, 'b'), (1, 'a')}", "{1, 2, 3} and {(1, 'a'), (1, 'b')}"),
        ("{'a': {'x', 'y'}}", "{'a': {'y', 'x'}}"),
        ("{frozenset({2, 1}), frozenset({3})}", "{frozenset({3}), frozenset({1, 2})}"),
        ("{'cat',\n 'dog'}", "{'dog',\n 'cat'}"),
        ("{np.str_('cat'), np.int64(-3)}", "{np.int64(-3), np.str_('cat')}"),
    ],
)  # fmt: skip
def test_two_good_runs_are_equal(one, two):
    assert normalise(one) == normalise(two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("0.81", "0.82"),
        ("10/10 right", "9/10 right"),
        ("3 of 7 words", "4 of 7 words"),
        ("1.5 times", "1.6 times"),
        ("version 1.2.3", "version 1.2.4"),
        ("12:30 in words", "12:31 in words"),
        ("a ratio of 1:20", "a ratio of 1:21"),
        ("in 2020", "in 2021"),
        ("of the 1990s", "of the 1980s"),
        ("3 s-words", "4 s-words"),
        ("min 0.3 max 0.9", "min 0.4 max 0.9"),
        ("0.31 min, 0.92 max", "0.32 min, 0.92 max"),
        ("max 0.92 min, 2", "max 0.93 min, 2"),
        ("5 m", "6 m"),
        ("12.5 MiB", "13.5 MiB"),
        ("on 2026-01-02", "on 2026-01-03"),
        ("colour 0xff0000", "colour 0xff00ff"),
        ("sha d41d8cd98f00b204e9800998ecf8427e", "sha d41d8cd98f00b204e9800998ecf8427f"),
        ("process 3 of 7", "process 4 of 7"),
        ("process 20 words", "process 30 words"),
        ("{'a': 1}", "{'a': 2}"),
        ("{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}"),
        ("['a', 'b']", "['b', 'a']"),
        ("{'cat', 'dog'}", "{'cat', 'fox'}"),
        ("path a/b", "path a/c"),
        ("./a/b.csv", "./a/c.csv"),
        ("/mnt/ann/out.csv", "/mnt/ann/in.csv"),
        ("'/mnt/ann/my out.csv'", "'/mnt/ann/my in.csv'"),
        ("read /data/x and 9/10 right", "read /data/x and 10/10 right"),
        ("model /mnt/x/glove scored 0.81 on men/dev.tsv", "model /mnt/x/glove scored 0.82 on men/dev.tsv"),
        ("https://example.org/a/b", "https://example.org/a/c"),
        ("90%|#########  | 9/10 [00:01<00:00, 9.8it/s]", "100%|##########| 10/10 [00:01<00:00, 9.8it/s]"),
        ("100%|####| 10/10 [00:01<00:00, 9.8it/s, loss=0.2]", "100%|####| 10/10 [00:01<00:00, 9.8it/s, loss=0.3]"),
        ("words: 100%|##| 2/2 [00:01<00:00, 9.8it/s]", "texts: 100%|##| 2/2 [00:01<00:00, 9.8it/s]"),
        ("<td>0.81</td><td>2</td>", "<td>0.82</td><td>2</td>"),
        ("a\nb", "b\na"),
    ],
)  # fmt: skip
def test_two_results_stay_different(one, two):
    assert normalise(one) != normalise(two)


def test_every_rule_has_an_example_that_it_changes():
    for rule in RULES:
        assert rule.pattern.sub(rule.becomes, rule.example) != rule.example, rule.what
        assert normalise(normalise(rule.example)) == normalise(rule.example)


def test_what_is_told_of_a_difference_says_how_to_write_the_cell():
    assert "print(sorted(...))" in advise("dog, cat", "cat, dog")
    assert "record(" in advise("0.5 right", "0.75 right")
    assert "%%capture" in advise("on host-a", "on other-b")


def test_streams_may_come_in_any_number_of_pieces():
    import nbformat.v4 as v4

    def notebook(*texts):
        outputs = [v4.new_output("stream", name="stderr", text=text) for text in texts]
        widget = v4.new_output(
            "display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": str(len(texts))}}
        )
        return v4.new_notebook(cells=[v4.new_code_cell("1", outputs=[*outputs, widget])])

    bar = "  0%|    | 0/2 [00:00<?, ?it/s]\r100%|####| 2/2 [00:02<00:00, 1.0s/it]\n"
    assert compare("x", notebook(bar), notebook(bar[:20], bar[20:50], bar[50:])) == []
    assert len(compare("x", notebook(bar), notebook(bar.replace("2/2", "3/3")))) == 1
