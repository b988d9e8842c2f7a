"""The texts of ./tour predict in each language."""

TEXTS = {
    "en": {
        "part": "Part {}: {}",
        "usage": """\
./tour predict 7/defer-4             shows that program and asks what it will print
./tour predict 7/defer-4 --shuffled  shows its output shuffled and asks for the order (easier)
With --lang zh in Chinese.""",
        "no such program": "there is no program '{}' to predict; ./tour predict lists them",
        "nothing to shuffle": "{}: all its lines are the same, so there is nothing to shuffle",
        "which lines": """\
What will it print on standard output and standard error? Type line after line, including empty \
ones. End with a line that is just a full stop, or just a question mark if you don't know.
How errors are printed: [Failure: Type: message] is a Failure; NAME: Type: message is an exception \
that ends the program NAME; Unhandled error in Deferred: [Failure: …] is an error that nobody \
handled.
If this program does not contain a message, its words don't count, only the type of the error and \
the form.
""",
        "which order": """\
These are the lines that it will print, without empty ones. In which order?
Type the letters, as in b c a, or just a question mark if you don't know.
""",
        "no such letter": "There is no line '{}': the letters go from a to {}.",
        "right": "Right, line for line. Well predicted!",
        "in full": "Your line {} is right. In full: {}",
        "truth": "It prints:",
        "given up": "That is the output. You had {} of {} lines.",
        "wrong": "Line {} differs: it prints {}, you predicted {}.",
        "missing": "Line {} differs: it prints {}, you predicted no more lines.",
        "too much": "Line {} differs: the program has ended, you predicted {}.",
        "quoted": '"{}"',
        "empty": "an empty line",
    },
    "zh": {
        "part": "第 {} 部分：{}",
        "usage": """\
./tour predict 7/defer-4             显示这个程序，并问你它会打印什么
./tour predict 7/defer-4 --shuffled  给出打乱顺序的各行，只问先后次序（更容易）
加上 --lang en 则用英文。""",
        "no such program": "没有可供预测的程序“{}”；./tour predict 会列出全部程序",
        "nothing to shuffle": "{}：它打印的各行都一样，没有次序可排",
        "which lines": """\
它会在标准输出和标准错误上打印什么？请逐行输入，空行也算一行。
输完后单独输入一个句点（.）。不知道的话，单独输入一个问号（?）。
各种错误的打印形式：Failure 为 [Failure: 类型: 消息]；使程序 NAME 中止的异常为 NAME: 类型: 消息；\
无人处理的错误为 Unhandled error in Deferred: [Failure: …]。
如果某条消息没有写在这个程序里，它的措辞不计对错，只看错误的类型和形式。
""",
        "which order": """\
下面是它会打印的各行（空行除外），顺序已打乱。正确的次序是什么？
请输入字母，例如 b c a。不知道的话，输入一个问号（?）。
""",
        "no such letter": "没有“{}”这一行：字母从 a 到 {}。",
        "right": "完全正确，每一行都预测对了！",
        "in full": "你的第 {} 行是对的。完整的一行是：{}",
        "truth": "程序打印：",
        "given up": "以上就是它打印的内容。{1} 行中你预测对了 {0} 行。",
        "wrong": "从第 {} 行起有分歧：程序打印的是{}，你预测的是{}。",
        "missing": "从第 {} 行起有分歧：程序打印了{}，而你的预测已经结束。",
        "too much": "从第 {} 行起有分歧：程序已经结束，而你预测的是{}。",
        "quoted": "“{}”",
        "empty": "空行",
    },
}
