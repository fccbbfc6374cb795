from pipeline.text.own_words import own_words


def test_what_is_left_says_where_it_stands() -> None:
    text = "> Her şey harika.\nHayır.\n> İadeniz yolda.\nYatmadı!\n"
    own = own_words(text)
    assert own.text == "Hayır.\nYatmadı!\n"
    start = own.text.index("Yatmadı")
    assert text[slice(*own.place(start, start + 7))] == "Yatmadı"
